"""The staff's pages of the house: complaints, incidents, reviews, training, what goes wrong."""
