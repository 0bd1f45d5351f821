"""Adapters for partners who cannot adopt the API: files, polled APIs, webhooks, by mapping."""
