"""Messages in and out, their chats, people and files, templates and profiles."""
