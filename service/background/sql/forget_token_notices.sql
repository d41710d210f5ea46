-- forget_token_notices: forget the announcements of tokens that expired long ago.
DELETE FROM service.token_notices
 WHERE expires_at < now() - interval '60 days'
