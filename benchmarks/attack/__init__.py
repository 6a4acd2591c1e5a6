"""Attacks on the running bot from outside, and their cost for other members: each prints its measurements."""
