"""A program of its own: takes the files of a browser that it stops, and surely lets it go on.

It imports the standard library alone, and little of it: it is started for each capture, lives for
a fraction of a second, and costs nothing in between. `blazz.providers.web.capture` runs it.
"""
