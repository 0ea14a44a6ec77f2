"""LoRAs: files of changes to a model's weights, in all the layouts and kinds that trainers write."""
