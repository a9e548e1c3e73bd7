"""Human Services Data Specification (Open Referral): reading 1.1 and 3.x, writing 3.1, and the read API."""
