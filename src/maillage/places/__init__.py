"""From a referral to a place: places and stays, shared waiting lists and their allocation, tonight's dispatch."""
