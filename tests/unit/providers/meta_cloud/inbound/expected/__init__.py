"""What each fixture means, as events: the golden results of the parser."""
