"""The APIMaster image API: one client, its wire format, its errors."""
