"""The plots of a report, one module each: what was observed, against the limit that decided."""
