-- find_session_settings: what this session has of the settings that we asked for; a setting that Postgres does not know is left out.
SELECT lower(name) AS name, current_setting(name, true) AS value,
       current_user AS role, current_database() AS database
FROM unnest($1::text[]) AS name
