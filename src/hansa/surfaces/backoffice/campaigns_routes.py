"""Routes of the pages about messages to members, for the manifest."""

from hansa.surfaces.backoffice import campaign_form, campaigns, message_pages, segments

ROUTES = (
    campaigns.list_campaigns,
    campaign_form.show_new,
    campaign_form.create,
    campaign_form.show_preview,
    campaigns.show_campaign,
    campaigns.move,
    campaign_form.show_settings,
    campaign_form.save_settings,
    segments.list_segments,
    segments.show_new,
    segments.create,
    segments.show_segment,
    segments.save,
    message_pages.show_messages,
    message_pages.save_rules,
    message_pages.show_template,
    message_pages.save_template,
    message_pages.repeat,
    message_pages.find_member,
    message_pages.show_member,
)
