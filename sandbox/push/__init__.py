"""What the practice push services share: moods, a page of what arrived, running until stopped."""
