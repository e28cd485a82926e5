"""Gatehouse's server beside other model servers: one pipeline, one load generator, one table."""
