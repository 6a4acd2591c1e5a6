"""Attacks on the running bot from outside, and what they cost the others: each prints what it measured."""
