"""The pages of the console in a real Chromium: widths, dark, keyboard, barriers, what a browser keeps.

`make browser` runs these. `python -m tests.browser` takes the screenshots of docs/console.
"""
