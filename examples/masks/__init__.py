"""A small workload of segmentation: which pixels of an image belong to the object that it shows."""
