"""The server of one model: it reads the bundle, answers over HTTP, and logs what it predicted."""
