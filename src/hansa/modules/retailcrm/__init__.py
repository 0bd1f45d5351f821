"""RetailCRM in step with orders, customers, payments and stock, both ways."""
