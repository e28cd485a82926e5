"""The machinery of Gatehouse: gates, drift, rollout, and the steps that join them. It never names a column."""
