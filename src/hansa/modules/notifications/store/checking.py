"""Statements of the checks."""

CONTROL_GOT_MESSAGES = """
    select recipient.campaign_id, recipient.member_id
      from notifications_recipient as recipient
      join notifications_message as message
        on message.campaign_id = recipient.campaign_id
       and message.member_id = recipient.member_id
     where recipient.is_control
     order by 1, 2
     limit %(limit)s
"""

SENT_TO_NOBODY = """
    select message.id
      from notifications_message as message
     where message.state = 'sent'
       and not exists (select 1
                         from notifications_delivery as delivery
                        where delivery.message_id = message.id)
     order by message.id
     limit %(limit)s
"""

PICKED_DIFFER = """
    select campaign.id, campaign.picked, count(recipient.member_id) as recipients
      from notifications_campaign as campaign
      left join notifications_recipient as recipient on recipient.campaign_id = campaign.id
     group by campaign.id, campaign.picked
    having campaign.picked <> count(recipient.member_id)
     order by campaign.id
     limit %(limit)s
"""
