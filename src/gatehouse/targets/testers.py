"""By which header a tester reaches the candidate, at any weight; while none is tried, it reaches the stable version.

Testers send odd requests, so they are no evidence: routers count them apart, and servers leave them out of what they
say of their predictions (`gatehouse.serving.identity`), and mark them in the log of what they answered.
"""

HEADER, CANDIDATE = "X-Gatehouse-Version", "candidate"
