"""The files of Grafana's set-up: what they are, and that a running server answers all that they ask."""
