"""What stands on paper and in mails about an order: plain data in, paper and text out."""
