"""Every SQL statement of markets."""

LIST_MARKETS = """
    select code, name, currency, country, languages, default_language, tax_rate,
           prices_include_tax, phone_region, time_zone, legal_entity, is_open, position
      from markets_market
     order by position, code
"""

GET_MARKET = """
    select code, name, currency, country, languages, default_language, tax_rate,
           prices_include_tax, phone_region, time_zone, legal_entity, is_open, position
      from markets_market
     where code = %(code)s
"""

SAVE_MARKET = """
    insert into markets_market
           (code, name, currency, country, languages, default_language, tax_rate,
            prices_include_tax, phone_region, time_zone, legal_entity, is_open, position,
            updated_at, updated_by)
    values (%(code)s, %(name)s::jsonb, %(currency)s, %(country)s, %(languages)s::text[],
            %(default_language)s, %(tax_rate)s, %(prices_include_tax)s, %(phone_region)s,
            %(time_zone)s, %(legal_entity)s::jsonb, %(is_open)s, %(position)s, %(now)s, %(by)s)
        on conflict (code) do update
       set (name, currency, country, languages, default_language, tax_rate, prices_include_tax,
            phone_region, time_zone, legal_entity, is_open, position, updated_at, updated_by)
         = (excluded.name, excluded.currency, excluded.country, excluded.languages,
            excluded.default_language, excluded.tax_rate, excluded.prices_include_tax,
            excluded.phone_region, excluded.time_zone, excluded.legal_entity, excluded.is_open,
            excluded.position, excluded.updated_at, excluded.updated_by)
"""
