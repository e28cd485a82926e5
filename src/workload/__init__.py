"""The example workload: suspicious card payments. These files are yours to replace."""
