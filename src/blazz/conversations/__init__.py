"""What is remembered of conversations: windows, opt-outs, questions, message states, usage."""
