"""The error sweep: every error of Telegram in every method that the worker calls, over the sandbox."""
