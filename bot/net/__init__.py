"""What comes from the network, checked before use."""
