"""Workers in other processes: an executor whose pictures are made by the actors of a Ray cluster."""
