"""Pictures and files that come from elsewhere: other tools', a visitor's own, and local models and LoRAs."""
