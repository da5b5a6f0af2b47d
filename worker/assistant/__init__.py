"""The only room that knows openai: prompts, structured answers and guards behind the Assistant port."""
