"""What stands outside the core and serves its ports; only bootstrap names one of them."""
