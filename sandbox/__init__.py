"""Simulators of the outside world: separate programs, never imported by Hansa."""
