"""The stand-in for the model: pure rules that read a prompt and answer it in Russian or English."""
