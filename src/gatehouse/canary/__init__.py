"""The rollout's rules: the evidence that counters hold, and the machine that decides the next weight. Pure."""
