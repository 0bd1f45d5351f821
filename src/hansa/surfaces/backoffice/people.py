"""Routes of the pages about orders, people and what runs behind the shop."""

from hansa.surfaces.backoffice import customer, customers, merging, order, order_actions, orders

ROUTES = (
    orders.list_orders,
    orders.download_orders,
    orders.lead_many,
    order.show_order,
    order_actions.lead_on,
    order_actions.cancel,
    order_actions.add_note,
    order_actions.give_back,
    order_actions.receive,
    order_actions.look,
    customers.list_customers,
    customers.download_customers,
    customers.show_new,
    customers.create,
    customer.show_customer,
    customer.save_profile,
    customer.add_identifier,
    customer.remove_identifier,
    customer.add_address,
    customer.remove_address,
    customer.set_consent,
    customer.set_group,
    merging.list_conflicts,
    merging.show_merge,
    merging.merge,
    merging.undo,
)
