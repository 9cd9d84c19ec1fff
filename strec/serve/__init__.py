"""strec on a server: what the operator decides, whom the app was started for, what is let go."""
