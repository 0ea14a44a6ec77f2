"""Models on the Hugging Face Hub: finding, downloading, and explaining failures."""
