"""Verdicts for people: Markdown, a console's text, and one self-contained HTML page with plots."""
