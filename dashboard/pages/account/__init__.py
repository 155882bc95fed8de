"""Account: password, sessions, API tokens, teams and projects of the person who has signed in."""
