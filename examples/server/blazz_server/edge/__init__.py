"""What holds for every call, whichever route it takes: sizes, patience, headers, errors."""
