"""What the ports promise, asked of every adapter alike."""
