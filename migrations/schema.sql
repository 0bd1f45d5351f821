-- State of the database after the last migration. Written by `make fix`; do not edit.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA jobs;
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS ltree WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
CREATE TYPE jobs.procrastinate_job_event_type AS ENUM (
    'deferred',
    'started',
    'deferred_for_retry',
    'failed',
    'succeeded',
    'cancelled',
    'abort_requested',
    'aborted',
    'scheduled',
    'retried'
);
CREATE TYPE jobs.procrastinate_job_status AS ENUM (
    'todo',
    'doing',
    'succeeded',
    'failed',
    'cancelled',
    'aborting',
    'aborted'
);
CREATE TYPE jobs.procrastinate_job_to_defer_v1 AS (
	queue_name character varying,
	task_name character varying,
	priority integer,
	lock text,
	queueing_lock text,
	args jsonb,
	scheduled_at timestamp with time zone
);
CREATE FUNCTION jobs.notify_lock_free() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
begin
    perform pg_notify('procrastinate_any_queue_v1',
                      json_build_object('type', 'job_inserted', 'job_id', old.id)::text);
    return null;
end;
$$;
CREATE FUNCTION jobs.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status = 'todo'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        IF abort THEN
            UPDATE procrastinate_jobs
            SET abort_requested = true,
                status = CASE status
                    WHEN 'todo' THEN 'cancelled'::procrastinate_job_status ELSE status
                END
            WHERE id = job_id AND status IN ('todo', 'doing')
            RETURNING id INTO _job_id;
        ELSE
            UPDATE procrastinate_jobs
            SET status = 'cancelled'::procrastinate_job_status
            WHERE id = job_id AND status = 'todo'
            RETURNING id INTO _job_id;
        END IF;
    END IF;
    RETURN _job_id;
END;
$$;
CREATE FUNCTION jobs.procrastinate_defer_jobs_v1(jobs jobs.procrastinate_job_to_defer_v1[]) RETURNS bigint[]
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    job_ids bigint[];
BEGIN
    WITH inserted_jobs AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
        SELECT (job).queue_name,
               (job).task_name,
               (job).priority,
               (job).lock,
               (job).queueing_lock,
               (job).args,
               (job).scheduled_at
        FROM unnest(jobs) AS job
        RETURNING id
    )
    SELECT array_agg(id) FROM inserted_jobs INTO job_ids;
    RETURN job_ids;
END;
$$;
CREATE FUNCTION jobs.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
	_job_id bigint;
	_defer_id bigint;
BEGIN
    INSERT
        INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)
        VALUES (_task_name, _periodic_id, _defer_timestamp)
        ON CONFLICT DO NOTHING
        RETURNING id into _defer_id;
    IF _defer_id IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE procrastinate_periodic_defers
        SET job_id = (
            SELECT COALESCE((
                SELECT unnest(procrastinate_defer_jobs_v1(
                    ARRAY[
                        ROW(
                            _queue_name,
                            _task_name,
                            _priority,
                            _lock,
                            _queueing_lock,
                            _args,
                            NULL::timestamptz
                        )
                    ]::procrastinate_job_to_defer_v1[]
                ))
            ), NULL)
        )
        WHERE id = _defer_id
        RETURNING job_id INTO _job_id;
    DELETE
        FROM procrastinate_periodic_defers
        USING (
            SELECT id
            FROM procrastinate_periodic_defers
            WHERE procrastinate_periodic_defers.task_name = _task_name
            AND procrastinate_periodic_defers.periodic_id = _periodic_id
            AND procrastinate_periodic_defers.defer_timestamp < _defer_timestamp
            ORDER BY id
            FOR UPDATE
        ) to_delete
        WHERE procrastinate_periodic_defers.id = to_delete.id;
    RETURN _job_id;
END;
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE jobs.procrastinate_jobs (
    id bigint NOT NULL,
    queue_name character varying(128) NOT NULL,
    task_name character varying(128) NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    lock text,
    queueing_lock text,
    args jsonb DEFAULT '{}'::jsonb NOT NULL,
    status jobs.procrastinate_job_status DEFAULT 'todo'::jobs.procrastinate_job_status NOT NULL,
    scheduled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint,
    CONSTRAINT check_not_todo_abort_requested CHECK ((NOT ((status = 'todo'::jobs.procrastinate_job_status) AND (abort_requested = true))))
);
CREATE FUNCTION jobs.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) RETURNS jobs.procrastinate_jobs
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
	found_jobs procrastinate_jobs;
BEGIN
    WITH candidate AS (
        SELECT jobs.*
            FROM procrastinate_jobs AS jobs
            WHERE
                -- reject the job if its lock has earlier or higher priority jobs
                NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            jobs.lock IS NOT NULL
                            AND other_jobs.lock = jobs.lock
                            AND (
                                -- job with same lock is already running
                                other_jobs.status = 'doing'
                                OR
                                -- job with same lock is waiting and has higher priority (or same priority but was queued first)
                                (
                                    other_jobs.status = 'todo'
                                    AND (
                                        other_jobs.priority > jobs.priority
                                        OR (
                                        other_jobs.priority = jobs.priority
                                        AND other_jobs.id < jobs.id
                                        )
                                    )
                                )
                            )
                )
                AND jobs.status = 'todo'
                AND (target_queue_names IS NULL OR jobs.queue_name = ANY( target_queue_names ))
                AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE procrastinate_jobs
        SET status = 'doing', worker_id = p_worker_id
        FROM candidate
        WHERE procrastinate_jobs.id = candidate.id
        RETURNING procrastinate_jobs.* INTO found_jobs;
 RETURN found_jobs;
END;
$$;
CREATE FUNCTION jobs.procrastinate_finish_job_v1(job_id bigint, end_status jobs.procrastinate_job_status, delete_job boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF end_status NOT IN ('succeeded', 'failed', 'aborted') THEN
        RAISE 'End status should be either "succeeded", "failed" or "aborted" (job id: %)', job_id;
    END IF;
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = end_status,
            abort_requested = false,
            attempts = CASE status
                WHEN 'doing' THEN attempts + 1 ELSE attempts
            END
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" or "todo" status (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION jobs.procrastinate_notify_queue_abort_job_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'abort_job_requested', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
CREATE FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
CREATE FUNCTION jobs.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    RETURN QUERY
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < NOW() - (seconds_since_heartbeat || 'SECOND')::INTERVAL
    RETURNING procrastinate_workers.id;
END;
$$;
CREATE FUNCTION jobs.procrastinate_register_worker_v1() RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    RETURN QUERY
    INSERT INTO procrastinate_workers DEFAULT VALUES
    RETURNING procrastinate_workers.id;
END;
$$;
CREATE FUNCTION jobs.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
BEGIN
    SELECT abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status = 'doing'
    FOR UPDATE
    INTO _abort_requested;
    IF _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" status (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION jobs.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
    _current_status procrastinate_job_status;
BEGIN
    SELECT status, abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status IN ('doing', 'failed')
    FOR UPDATE
    INTO _current_status, _abort_requested;
    IF _current_status = 'doing' AND _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status IN ('doing', 'failed')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or has an invalid status to retry (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'abort_requested'::procrastinate_job_event_type);
    RETURN NEW;
END;
$$;
CREATE FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type, at)
        VALUES (NEW.id, 'scheduled'::procrastinate_job_event_type, NEW.scheduled_at);
	RETURN NEW;
END;
$$;
CREATE FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'deferred'::procrastinate_job_event_type);
	RETURN NEW;
END;
$$;
CREATE FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    WITH t AS (
        SELECT CASE
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND NEW.status = 'doing'::procrastinate_job_status
                THEN 'started'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'deferred_for_retry'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'failed'::procrastinate_job_status
                THEN 'failed'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'succeeded'::procrastinate_job_status
                THEN 'succeeded'::procrastinate_job_event_type
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND (
                    NEW.status = 'cancelled'::procrastinate_job_status
                    OR NEW.status = 'failed'::procrastinate_job_status
                    OR NEW.status = 'succeeded'::procrastinate_job_status
                )
                THEN 'cancelled'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'aborted'::procrastinate_job_status
                THEN 'aborted'::procrastinate_job_event_type
            WHEN OLD.status = 'failed'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'retried'::procrastinate_job_event_type
            ELSE NULL
        END as event_type
    )
    INSERT INTO procrastinate_events(job_id, type)
        SELECT NEW.id, t.event_type
        FROM t
        WHERE t.event_type IS NOT NULL;
	RETURN NEW;
END;
$$;
CREATE FUNCTION jobs.procrastinate_unlink_periodic_defers_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    UPDATE procrastinate_periodic_defers
    SET job_id = NULL
    WHERE job_id = OLD.id;
    RETURN OLD;
END;
$$;
CREATE FUNCTION jobs.procrastinate_unregister_worker_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM procrastinate_workers
    WHERE id = worker_id;
END;
$$;
CREATE FUNCTION jobs.procrastinate_update_heartbeat_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'jobs', 'pg_temp'
    AS $$
BEGIN
    UPDATE procrastinate_workers
    SET last_heartbeat = NOW()
    WHERE id = worker_id;
END;
$$;
CREATE FUNCTION public.account_audit_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'the audit log is append-only';
end
$$;
CREATE FUNCTION public.ledger_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'the ledger is append-only: % on % is refused', tg_op, tg_table_name
        using errcode = 'integrity_constraint_violation';
end;
$$;
CREATE FUNCTION public.loyalty_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'what is closed stays: % on % is refused', tg_op, tg_table_name
        using errcode = 'integrity_constraint_violation';
end;
$$;
CREATE FUNCTION public.stock_movement_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'stock_movement is append-only' using errcode = 'restrict_violation';
end
$$;
CREATE TEXT SEARCH CONFIGURATION public.en (
    PARSER = pg_catalog."default" );
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR asciiword WITH public.unaccent, english_stem;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR word WITH public.unaccent, english_stem;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR numword WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR email WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR url WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR host WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR sfloat WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR version WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR hword_numpart WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR hword_part WITH public.unaccent, english_stem;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR hword_asciipart WITH public.unaccent, english_stem;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR numhword WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR asciihword WITH public.unaccent, english_stem;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR hword WITH public.unaccent, english_stem;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR url_path WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR file WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR "float" WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR "int" WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.en
    ADD MAPPING FOR uint WITH simple;
CREATE TEXT SEARCH CONFIGURATION public.ru (
    PARSER = pg_catalog."default" );
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR asciiword WITH english_stem;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR word WITH public.unaccent, russian_stem;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR numword WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR email WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR url WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR host WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR sfloat WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR version WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR hword_numpart WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR hword_part WITH public.unaccent, russian_stem;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR hword_asciipart WITH english_stem;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR numhword WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR asciihword WITH english_stem;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR hword WITH public.unaccent, russian_stem;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR url_path WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR file WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR "float" WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR "int" WITH simple;
ALTER TEXT SEARCH CONFIGURATION public.ru
    ADD MAPPING FOR uint WITH simple;
CREATE TABLE jobs.job_error (
    job_id bigint NOT NULL,
    attempt integer NOT NULL,
    error text NOT NULL,
    traceback text NOT NULL,
    failed_at timestamp with time zone NOT NULL
);
CREATE TABLE jobs.procrastinate_events (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    type jobs.procrastinate_job_event_type,
    at timestamp with time zone DEFAULT now()
);
CREATE SEQUENCE jobs.procrastinate_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE jobs.procrastinate_events_id_seq OWNED BY jobs.procrastinate_events.id;
CREATE SEQUENCE jobs.procrastinate_jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE jobs.procrastinate_jobs_id_seq OWNED BY jobs.procrastinate_jobs.id;
CREATE TABLE jobs.procrastinate_periodic_defers (
    id bigint NOT NULL,
    task_name character varying(128) NOT NULL,
    defer_timestamp bigint,
    job_id bigint,
    periodic_id character varying(128) DEFAULT ''::character varying NOT NULL
);
CREATE SEQUENCE jobs.procrastinate_periodic_defers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE jobs.procrastinate_periodic_defers_id_seq OWNED BY jobs.procrastinate_periodic_defers.id;
CREATE TABLE jobs.procrastinate_workers (
    id bigint NOT NULL,
    last_heartbeat timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE jobs.procrastinate_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jobs.procrastinate_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.account_api_key (
    id uuid NOT NULL,
    public_id text NOT NULL,
    secret_hash bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_by uuid,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    used_at timestamp with time zone
);
CREATE TABLE public.account_attempt (
    scope text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    count integer NOT NULL
);
CREATE TABLE public.account_audit (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid,
    actor_kind text NOT NULL,
    actor_name text DEFAULT ''::text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    before jsonb,
    after jsonb
);
CREATE TABLE public.account_oauth_assertion (
    client_id uuid NOT NULL,
    jti_hash bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.account_oauth_client (
    id uuid NOT NULL,
    public_id text NOT NULL,
    name text NOT NULL,
    partner_id uuid,
    scopes text[] NOT NULL,
    is_sandbox boolean DEFAULT false NOT NULL,
    spend_needs_key boolean DEFAULT false NOT NULL,
    networks text[] DEFAULT '{}'::text[] NOT NULL,
    requests_per_minute integer,
    terms_id uuid NOT NULL,
    created_by uuid,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    used_at timestamp with time zone,
    CONSTRAINT account_oauth_client_rate_positive CHECK ((requests_per_minute > 0))
);
CREATE TABLE public.account_oauth_ended (
    id uuid NOT NULL,
    ended_at timestamp with time zone NOT NULL
);
CREATE TABLE public.account_oauth_key (
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    kid text NOT NULL,
    jwk jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
);
CREATE TABLE public.account_oauth_secret (
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    hint text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone
);
CREATE TABLE public.account_recovery_code (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamp with time zone
);
CREATE TABLE public.account_role (
    id uuid NOT NULL,
    code text NOT NULL,
    title jsonb NOT NULL,
    permissions text[] DEFAULT '{}'::text[] NOT NULL,
    is_built_in boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT account_role_code_form CHECK ((code ~ '^[a-z][a-z0-9_-]{0,63}$'::text))
);
CREATE TABLE public.account_session (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    user_id uuid,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    address text DEFAULT ''::text NOT NULL,
    agent text DEFAULT ''::text NOT NULL
);
CREATE TABLE public.account_token (
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT account_token_purpose_known CHECK ((purpose = ANY (ARRAY['password'::text, 'email'::text])))
);
CREATE TABLE public.account_user (
    id uuid NOT NULL,
    kind text NOT NULL,
    email text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    language text,
    party_id uuid,
    password_hash text,
    email_verified_at timestamp with time zone,
    totp_secret bytea,
    totp_enabled_at timestamp with time zone,
    totp_last_step bigint DEFAULT 0 NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    last_sign_in_at timestamp with time zone,
    partner_id uuid,
    CONSTRAINT account_user_email_lower CHECK ((email = lower(email))),
    CONSTRAINT account_user_kind_known CHECK ((kind = ANY (ARRAY['staff'::text, 'shopper'::text, 'partner'::text]))),
    CONSTRAINT account_user_partner_known CHECK (((kind = 'partner'::text) = (partner_id IS NOT NULL))),
    CONSTRAINT account_user_totp_has_secret CHECK (((totp_enabled_at IS NULL) OR (totp_secret IS NOT NULL)))
);
CREATE TABLE public.account_user_role (
    user_id uuid NOT NULL,
    role_id uuid NOT NULL
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.catalog_attribute (
    id uuid NOT NULL,
    code text NOT NULL,
    name jsonb NOT NULL,
    kind text NOT NULL,
    is_facet boolean NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT catalog_attribute_kind_known CHECK ((kind = ANY (ARRAY['text'::text, 'number'::text, 'choice'::text, 'colour'::text])))
);
CREATE TABLE public.catalog_attribute_choice (
    id uuid NOT NULL,
    attribute_id uuid NOT NULL,
    name jsonb NOT NULL,
    swatch text,
    "position" integer DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.catalog_category (
    id uuid NOT NULL,
    parent_id uuid,
    slug text NOT NULL,
    name jsonb NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    is_hidden boolean DEFAULT false NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT catalog_category_not_its_own_parent CHECK ((parent_id IS DISTINCT FROM id))
);
CREATE TABLE public.catalog_marketplace_mark (
    variant_id uuid NOT NULL,
    marketplace text NOT NULL,
    is_on boolean NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT catalog_marketplace_mark_name_check CHECK ((marketplace ~ '^[a-z][a-z0-9_-]{1,31}$'::text))
);
CREATE TABLE public.catalog_product (
    id uuid NOT NULL,
    slug text NOT NULL,
    name jsonb NOT NULL,
    description jsonb DEFAULT '{}'::jsonb NOT NULL,
    brand text DEFAULT ''::text NOT NULL,
    category_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    attributes jsonb DEFAULT '[]'::jsonb NOT NULL,
    media jsonb DEFAULT '[]'::jsonb NOT NULL,
    publish_from timestamp with time zone,
    publish_until timestamp with time zone,
    status text NOT NULL,
    status_before_archive text,
    overridden text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    sale_from timestamp with time zone,
    sale_until timestamp with time zone,
    CONSTRAINT catalog_product_status_known CHECK ((status = ANY (ARRAY['draft'::text, 'active'::text, 'archived'::text]))),
    CONSTRAINT catalog_product_window_forward CHECK ((publish_from < publish_until))
);
CREATE TABLE public.catalog_slug (
    kind text NOT NULL,
    slug text NOT NULL,
    target_id uuid NOT NULL,
    is_current boolean NOT NULL,
    CONSTRAINT catalog_slug_kind_known CHECK ((kind = ANY (ARRAY['category'::text, 'product'::text])))
);
CREATE TABLE public.catalog_variant (
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    sku text DEFAULT ''::text NOT NULL,
    barcode text DEFAULT ''::text NOT NULL,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    unit text DEFAULT '796'::text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.checkout_basket (
    id uuid NOT NULL,
    market text NOT NULL,
    session_id text,
    party_id uuid,
    version bigint DEFAULT 1 NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_checkout_basket_owner CHECK (((session_id IS NULL) <> (party_id IS NULL)))
)
WITH (fillfactor='80');
CREATE TABLE public.checkout_delivery_method (
    market text NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    name jsonb NOT NULL,
    hint jsonb DEFAULT '{}'::jsonb NOT NULL,
    price_minor bigint NOT NULL,
    free_from_minor bigint,
    days_min integer DEFAULT 0 NOT NULL,
    days_max integer DEFAULT 0 NOT NULL,
    "position" integer NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    CONSTRAINT ck_checkout_delivery_method_kind CHECK ((kind = ANY (ARRAY['courier'::text, 'pickup'::text]))),
    CONSTRAINT ck_checkout_delivery_method_price CHECK (((price_minor >= 0) AND ((free_from_minor IS NULL) OR (free_from_minor >= 0)) AND (days_min >= 0) AND (days_max >= days_min)))
);
CREATE TABLE public.checkout_line (
    basket_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    quantity numeric(14,3) NOT NULL,
    shown_price numeric(20,6),
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_checkout_line_quantity CHECK ((quantity > (0)::numeric))
);
CREATE TABLE public.drops_claim (
    order_id uuid NOT NULL,
    drop_id uuid NOT NULL,
    product_id uuid NOT NULL,
    quantity numeric(14,3) NOT NULL,
    persons text[] NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    released_at timestamp with time zone,
    CONSTRAINT ck_drops_claim_quantity CHECK ((quantity > (0)::numeric))
);
CREATE TABLE public.drops_drop (
    id uuid NOT NULL,
    code text NOT NULL,
    name jsonb NOT NULL,
    description jsonb DEFAULT '{}'::jsonb NOT NULL,
    picture text,
    markets text[] NOT NULL,
    opens_at timestamp with time zone NOT NULL,
    closes_at timestamp with time zone,
    stays_on_sale boolean DEFAULT false NOT NULL,
    is_published boolean DEFAULT false NOT NULL,
    person_limit integer,
    item_limit integer,
    capacity integer,
    admissions_per_second double precision,
    idle_minutes integer DEFAULT 10 NOT NULL,
    gathers_minutes integer DEFAULT 30 NOT NULL,
    is_paused boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_drops_drop_limits CHECK ((((person_limit IS NULL) OR (person_limit > 0)) AND ((item_limit IS NULL) OR (item_limit > 0)))),
    CONSTRAINT ck_drops_drop_room CHECK ((((capacity IS NULL) OR (capacity >= 0)) AND ((admissions_per_second IS NULL) OR (admissions_per_second > (0)::double precision)) AND (idle_minutes > 0) AND (gathers_minutes >= 0))),
    CONSTRAINT ck_drops_drop_times CHECK (((closes_at IS NULL) OR (closes_at > opens_at)))
);
CREATE TABLE public.drops_line (
    drop_id uuid NOT NULL,
    drawn_at timestamp with time zone,
    seed text,
    last_place bigint DEFAULT 0 NOT NULL,
    front bigint DEFAULT 0 NOT NULL,
    admitted bigint DEFAULT 0 NOT NULL,
    allowed integer,
    credit double precision DEFAULT 0 NOT NULL,
    rate double precision DEFAULT 0 NOT NULL,
    looked_at timestamp with time zone,
    revision bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.drops_product (
    drop_id uuid NOT NULL,
    product_id uuid NOT NULL,
    "position" integer NOT NULL,
    item_limit integer,
    CONSTRAINT ck_drops_product_limit CHECK (((item_limit IS NULL) OR (item_limit > 0)))
);
CREATE TABLE public.drops_taken (
    drop_id uuid NOT NULL,
    person text NOT NULL,
    item uuid NOT NULL,
    taken numeric(14,3) NOT NULL,
    CONSTRAINT ck_drops_taken_taken CHECK ((taken >= (0)::numeric))
)
WITH (fillfactor='80');
CREATE TABLE public.drops_ticket (
    id bigint NOT NULL,
    drop_id uuid NOT NULL,
    session text NOT NULL,
    state text NOT NULL,
    place bigint,
    joined_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    admitted_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT ck_drops_ticket_inside CHECK (((state <> 'inside'::text) OR (admitted_at IS NOT NULL))),
    CONSTRAINT ck_drops_ticket_state CHECK ((state = ANY (ARRAY['waiting'::text, 'inside'::text, 'away'::text, 'left'::text, 'lapsed'::text, 'ordered'::text])))
)
WITH (fillfactor='80');
ALTER TABLE public.drops_ticket ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.drops_ticket_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.erp_api_key (
    key_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    made_at timestamp with time zone NOT NULL
);
CREATE TABLE public.erp_batch (
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    key_id uuid,
    idempotency_key text,
    digest bytea,
    address text DEFAULT ''::text NOT NULL,
    is_dry_run boolean DEFAULT false NOT NULL,
    state text NOT NULL,
    size_bytes bigint NOT NULL,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    received_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    answer bytea,
    CONSTRAINT erp_batch_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text])))
);
CREATE TABLE public.erp_chunk (
    file_id uuid NOT NULL,
    number integer NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 text NOT NULL,
    storage_key text NOT NULL,
    received_at timestamp with time zone NOT NULL
);
CREATE TABLE public.erp_connection (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    market text NOT NULL,
    channel text NOT NULL,
    currency character(3) NOT NULL,
    language text NOT NULL,
    time_zone text NOT NULL,
    stock_policy text NOT NULL,
    schema_version text NOT NULL,
    encoding text NOT NULL,
    use_zip boolean NOT NULL,
    file_limit_bytes bigint NOT NULL,
    default_warehouse_id uuid,
    base_price_type text,
    publishes_products boolean NOT NULL,
    activates_warehouses boolean NOT NULL,
    products_from_offers boolean NOT NULL,
    removal_limit_percent integer NOT NULL,
    orders_per_answer integer NOT NULL,
    orders_since timestamp with time zone,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone NOT NULL,
    owned_fields text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT erp_connection_file_limit_check CHECK (((file_limit_bytes >= 1024) AND (file_limit_bytes <= 1073741824))),
    CONSTRAINT erp_connection_orders_check CHECK (((orders_per_answer >= 1) AND (orders_per_answer <= 5000))),
    CONSTRAINT erp_connection_removal_check CHECK (((removal_limit_percent >= 0) AND (removal_limit_percent <= 100)))
);
CREATE TABLE public.erp_deferred (
    connection_id uuid NOT NULL,
    waits_for text NOT NULL,
    external_id text NOT NULL,
    aspects text NOT NULL,
    file_id uuid NOT NULL,
    as_of timestamp with time zone NOT NULL,
    payload jsonb NOT NULL
);
CREATE TABLE public.erp_exchange (
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    token_digest bytea,
    version text DEFAULT ''::text NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    state text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    CONSTRAINT erp_exchange_kind_check CHECK ((kind = ANY (ARRAY['catalog'::text, 'sale'::text, 'folder'::text]))),
    CONSTRAINT erp_exchange_state_check CHECK ((state = ANY (ARRAY['open'::text, 'complete'::text])))
);
CREATE TABLE public.erp_file (
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    exchange_id uuid NOT NULL,
    repeats_id uuid,
    archive_id uuid,
    name text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    size_bytes bigint DEFAULT 0 NOT NULL,
    began_at timestamp with time zone NOT NULL,
    touched_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    "position" bigint DEFAULT 0 NOT NULL,
    reading text,
    formed_at timestamp with time zone,
    is_full boolean,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    error_code text,
    error text,
    CONSTRAINT erp_file_kind_check CHECK ((kind = ANY (ARRAY['catalog'::text, 'sale'::text]))),
    CONSTRAINT erp_file_state_check CHECK ((state = ANY (ARRAY['receiving'::text, 'waiting'::text, 'importing'::text, 'done'::text, 'failed'::text, 'abandoned'::text])))
);
CREATE TABLE public.erp_log (
    number bigint NOT NULL,
    connection_id uuid NOT NULL,
    exchange_id uuid,
    file_id uuid,
    ordinal bigint DEFAULT 0 NOT NULL,
    line integer DEFAULT 0 NOT NULL,
    kind text NOT NULL,
    external_id text DEFAULT ''::text NOT NULL,
    internal_id uuid,
    title text DEFAULT ''::text NOT NULL,
    action text NOT NULL,
    code text DEFAULT ''::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT erp_log_action_check CHECK ((action = ANY (ARRAY['created'::text, 'changed'::text, 'archived'::text, 'refused'::text, 'deferred'::text, 'held'::text, 'noted'::text])))
);
CREATE SEQUENCE public.erp_log_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.erp_log_number OWNED BY public.erp_log.number;
CREATE TABLE public.erp_message (
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    subject_number text DEFAULT ''::text NOT NULL,
    version smallint NOT NULL,
    lane text NOT NULL,
    change_number bigint NOT NULL,
    digest bytea NOT NULL,
    payload bytea NOT NULL,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    refusals integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    next_at timestamp with time zone NOT NULL,
    failed_at timestamp with time zone,
    sent_at timestamp with time zone,
    ended_at timestamp with time zone,
    received_at timestamp with time zone,
    error_code text DEFAULT ''::text NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT erp_message_kind_check CHECK ((kind = ANY (ARRAY['customer'::text, 'order'::text, 'correction'::text]))),
    CONSTRAINT erp_message_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'acknowledged'::text, 'refused'::text, 'dead'::text, 'replaced'::text, 'discarded'::text])))
)
WITH (fillfactor='80');
CREATE TABLE public.erp_order_delivery (
    connection_id uuid NOT NULL,
    order_id uuid NOT NULL,
    change_number bigint NOT NULL,
    exchange_id uuid NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone
);
CREATE TABLE public.erp_outgoing (
    connection_id uuid NOT NULL,
    transport text NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    sign_in text NOT NULL,
    user_name text DEFAULT ''::text NOT NULL,
    secret bytea,
    kinds text[] NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    batch_size integer NOT NULL,
    concurrency integer NOT NULL,
    answer_seconds integer NOT NULL,
    refusals_max integer NOT NULL,
    pause_seconds double precision NOT NULL,
    pause_seconds_max double precision NOT NULL,
    is_active boolean NOT NULL,
    last_number bigint DEFAULT 0 NOT NULL,
    CONSTRAINT erp_outgoing_answer_check CHECK (((answer_seconds >= 1) AND (answer_seconds <= 300))),
    CONSTRAINT erp_outgoing_batch_check CHECK (((batch_size >= 1) AND (batch_size <= 500))),
    CONSTRAINT erp_outgoing_concurrency_check CHECK (((concurrency >= 1) AND (concurrency <= 32))),
    CONSTRAINT erp_outgoing_pause_check CHECK ((pause_seconds > (0)::double precision)),
    CONSTRAINT erp_outgoing_pauses_check CHECK ((pause_seconds_max >= pause_seconds)),
    CONSTRAINT erp_outgoing_refusals_check CHECK (((refusals_max >= 1) AND (refusals_max <= 100))),
    CONSTRAINT erp_outgoing_sign_in_check CHECK ((sign_in = ANY (ARRAY['none'::text, 'basic'::text, 'bearer'::text]))),
    CONSTRAINT erp_outgoing_transport_check CHECK ((transport = ANY (ARRAY['http'::text, 'kafka'::text])))
);
CREATE TABLE public.erp_outgoing_contract (
    connection_id uuid NOT NULL,
    version smallint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    CONSTRAINT erp_outgoing_contract_period_check CHECK (((ends_at IS NULL) OR (ends_at > starts_at)))
);
CREATE TABLE public.erp_outgoing_health (
    connection_id uuid NOT NULL,
    breaker text NOT NULL,
    failing_since timestamp with time zone,
    failure text DEFAULT ''::text NOT NULL,
    failure_at timestamp with time zone,
    answer_at timestamp with time zone,
    CONSTRAINT erp_outgoing_health_breaker_check CHECK ((breaker = ANY (ARRAY['closed'::text, 'open'::text, 'probing'::text])))
);
CREATE TABLE public.erp_owned_warehouse (
    warehouse_id uuid NOT NULL,
    connection_id uuid NOT NULL
);
CREATE TABLE public.erp_part_set (
    digest bytea NOT NULL,
    parts text[] NOT NULL
);
CREATE TABLE public.erp_received (
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    sequence bigint NOT NULL,
    digest bytea,
    parts bytea NOT NULL,
    older jsonb DEFAULT '{}'::jsonb NOT NULL,
    as_of timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL
)
WITH (fillfactor='75');
CREATE TABLE public.erp_reference (
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    internal_id uuid NOT NULL,
    digest bytea,
    scope text DEFAULT ''::text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    is_gone boolean DEFAULT false NOT NULL,
    seen_in uuid,
    CONSTRAINT erp_reference_kind_check CHECK ((kind = ANY (ARRAY['group'::text, 'property'::text, 'choice'::text, 'characteristic'::text, 'product'::text, 'variant'::text, 'price_type'::text, 'warehouse'::text])))
)
WITH (fillfactor='85');
CREATE TABLE public.erp_removal (
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    exchange_id uuid NOT NULL,
    kind text NOT NULL,
    scope text NOT NULL,
    warehouse_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    as_of timestamp with time zone NOT NULL,
    total integer NOT NULL,
    absent integer NOT NULL,
    state text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    decided_by uuid,
    decided_at timestamp with time zone,
    CONSTRAINT erp_removal_kind_check CHECK ((kind = ANY (ARRAY['products'::text, 'variants'::text, 'stock'::text]))),
    CONSTRAINT erp_removal_state_check CHECK ((state = ANY (ARRAY['applied'::text, 'held'::text, 'dismissed'::text])))
);
CREATE TABLE public.erp_waiting (
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    sequence bigint NOT NULL,
    waits_for text NOT NULL,
    takes text[] NOT NULL,
    as_of timestamp with time zone NOT NULL,
    "row" jsonb NOT NULL,
    batch_id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL
);
CREATE TABLE public.fulfilment_case (
    order_id uuid NOT NULL,
    order_number text NOT NULL,
    market text NOT NULL,
    channel text NOT NULL,
    shop_id uuid,
    state text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    ended_at timestamp with time zone,
    look_at timestamp with time zone,
    hold_ends_at timestamp with time zone,
    forgiven_at timestamp with time zone,
    CONSTRAINT ck_fulfilment_case_ended CHECK (((state = 'ended'::text) = (ended_at IS NOT NULL))),
    CONSTRAINT ck_fulfilment_case_state CHECK ((state = ANY (ARRAY['asking'::text, 'operator'::text, 'confirmed'::text, 'ended'::text])))
);
CREATE TABLE public.fulfilment_decision (
    order_id uuid NOT NULL,
    number bigint NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    cause text NOT NULL,
    body jsonb NOT NULL
);
ALTER TABLE public.fulfilment_decision ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.fulfilment_decision_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.fulfilment_event (
    order_id uuid NOT NULL,
    number bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    warehouse_id uuid,
    question_id uuid,
    details jsonb NOT NULL,
    by jsonb
);
ALTER TABLE public.fulfilment_event ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.fulfilment_event_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.fulfilment_notice (
    question_id uuid NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    key text NOT NULL,
    handle jsonb,
    attempts integer NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    shown text DEFAULT ''::text NOT NULL,
    intended_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT ck_fulfilment_notice_sent CHECK (((state = 'sent'::text) = (handle IS NOT NULL))),
    CONSTRAINT ck_fulfilment_notice_state CHECK ((state = ANY (ARRAY['intended'::text, 'sent'::text, 'unknown'::text, 'failed'::text])))
);
CREATE TABLE public.fulfilment_part (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    warehouse_id uuid NOT NULL,
    state text NOT NULL,
    asked numeric(14,3) NOT NULL,
    quantity numeric(14,3) NOT NULL,
    lane integer NOT NULL,
    is_bound boolean NOT NULL,
    question_id uuid,
    number integer DEFAULT 0 NOT NULL,
    item jsonb NOT NULL,
    found numeric(14,3),
    defective numeric(14,3),
    missing numeric(14,3),
    answered_at timestamp with time zone,
    answered_by jsonb,
    made_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_fulfilment_part_answer CHECK ((((found IS NULL) = (answered_at IS NULL)) AND ((found IS NULL) OR (((found + defective) + missing) = asked)))),
    CONSTRAINT ck_fulfilment_part_quantities CHECK (((asked > (0)::numeric) AND (quantity >= (0)::numeric) AND (quantity <= asked) AND ((quantity > (0)::numeric) = (state = ANY (ARRAY['proposed'::text, 'asked'::text, 'confirmed'::text]))))),
    CONSTRAINT ck_fulfilment_part_state CHECK ((state = ANY (ARRAY['proposed'::text, 'asked'::text, 'confirmed'::text, 'refused'::text, 'expired'::text, 'withdrawn'::text])))
);
CREATE TABLE public.fulfilment_policy (
    market text NOT NULL,
    body jsonb NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.fulfilment_question (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    warehouse_id uuid NOT NULL,
    state text NOT NULL,
    is_by_hand boolean DEFAULT false NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    answer_by timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    answered_by jsonb,
    ended_because text DEFAULT ''::text NOT NULL,
    CONSTRAINT ck_fulfilment_question_state CHECK ((state = ANY (ARRAY['waiting'::text, 'open'::text, 'answered'::text, 'expired'::text, 'withdrawn'::text]))),
    CONSTRAINT ck_fulfilment_question_times CHECK ((answer_by >= asked_at))
);
CREATE TABLE public.fulfilment_rule (
    id uuid NOT NULL,
    market text NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    is_active boolean NOT NULL,
    body jsonb NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.fulfilment_shop (
    warehouse_id uuid NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    time_zone text NOT NULL,
    language text NOT NULL,
    hours jsonb NOT NULL,
    members text[] NOT NULL,
    groups text[] NOT NULL,
    paused_until timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_fulfilment_shop_channel CHECK ((channel = ANY (ARRAY['office'::text, 'slack'::text, 'telegram'::text])))
);
CREATE TABLE public.idempotency_key (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint,
    body bytea,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_key_fingerprint_length CHECK ((octet_length(fingerprint) = 32))
);
CREATE TABLE public.ledger_account (
    bucket smallint NOT NULL,
    id bigint NOT NULL,
    ledger integer NOT NULL,
    floor bigint DEFAULT 0 NOT NULL,
    posted bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    owed bigint DEFAULT 0 NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_ledger_account_floor CHECK ((((posted + owed) - held) >= floor)),
    CONSTRAINT ck_ledger_account_held CHECK (((held >= 0) AND (owed >= 0)))
)
WITH (fillfactor='60');
CREATE TABLE public.ledger_batch (
    serial bigint NOT NULL,
    id uuid NOT NULL,
    postings integer NOT NULL,
    digest bytea NOT NULL,
    ledgers integer[] NOT NULL,
    accounts bigint[] NOT NULL,
    amounts bigint[] NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    number bigint,
    chain bytea
);
ALTER TABLE public.ledger_batch ALTER COLUMN serial ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_batch_serial_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_chain (
    only_row boolean DEFAULT true NOT NULL,
    number bigint NOT NULL,
    chain bytea NOT NULL,
    CONSTRAINT ck_ledger_chain_only_row CHECK (only_row)
);
CREATE TABLE public.ledger_entry (
    bucket smallint NOT NULL,
    account_id bigint NOT NULL,
    version bigint NOT NULL,
    posting_id uuid NOT NULL,
    amount bigint NOT NULL,
    balance bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);
CREATE TABLE public.ledger_hold (
    bucket smallint NOT NULL,
    id uuid NOT NULL,
    account_id bigint NOT NULL,
    ledger integer NOT NULL,
    owner uuid NOT NULL,
    key text NOT NULL,
    amount bigint NOT NULL,
    taken bigint DEFAULT 0 NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    tags uuid[] NOT NULL,
    tag_amounts bigint[] NOT NULL,
    reference text DEFAULT ''::text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    held_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT ck_ledger_hold_amounts CHECK (((amount > 0) AND ((taken >= 0) AND (taken <= amount)))),
    CONSTRAINT ck_ledger_hold_end CHECK ((((state = 'open'::text) = (ended_at IS NULL)) AND ((state = 'posted'::text) OR (taken = 0)))),
    CONSTRAINT ck_ledger_hold_state CHECK ((state = ANY (ARRAY['open'::text, 'posted'::text, 'voided'::text, 'expired'::text])))
)
WITH (fillfactor='80');
CREATE TABLE public.ledger_period (
    ledger integer NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    number bigint NOT NULL,
    chain bytea NOT NULL,
    digest bytea NOT NULL,
    postings bigint NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_ledger_period_order CHECK ((begins_at < ends_at))
);
CREATE TABLE public.ledger_posting (
    bucket smallint NOT NULL,
    id uuid NOT NULL,
    owner uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    ledger integer NOT NULL,
    kind text NOT NULL,
    reference text DEFAULT ''::text NOT NULL,
    reverses uuid,
    refusal text,
    answer bytea NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    batch_id uuid NOT NULL
);
CREATE TABLE public.ledger_rolled (
    ledger integer NOT NULL,
    account bigint NOT NULL,
    balance bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='60');
CREATE TABLE public.ledger_transfer (
    bucket smallint NOT NULL,
    posting_id uuid NOT NULL,
    line smallint NOT NULL,
    ledger integer NOT NULL,
    debit bigint NOT NULL,
    credit bigint NOT NULL,
    amount bigint NOT NULL,
    issuer integer DEFAULT 0 NOT NULL,
    tag uuid,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_ledger_transfer_amount CHECK (((amount > 0) AND (debit <> credit)))
);
CREATE SEQUENCE public.loyalty_account_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.loyalty_action (
    owner_id uuid NOT NULL,
    key text NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    code text NOT NULL,
    amount_minor bigint DEFAULT 0 NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    offer_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);
CREATE TABLE public.loyalty_active (
    bucket smallint NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    month date NOT NULL
);
CREATE TABLE public.loyalty_app_handover (
    token_hash bytea NOT NULL,
    session_id uuid NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);
CREATE TABLE public.loyalty_app_session (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    kind text NOT NULL,
    bucket smallint NOT NULL,
    member_id uuid NOT NULL,
    parent_id uuid,
    agent text DEFAULT ''::text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT ck_loyalty_app_session_kind CHECK ((kind = ANY (ARRAY['browser'::text, 'shell'::text])))
);
CREATE TABLE public.loyalty_budget (
    campaign_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    total bigint NOT NULL,
    leased bigint DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_budget_leased CHECK ((leased >= 0))
);
CREATE TABLE public.loyalty_budget_lease (
    slot smallint NOT NULL,
    campaign_id uuid NOT NULL,
    leased bigint DEFAULT 0 NOT NULL,
    spent bigint DEFAULT 0 NOT NULL,
    used_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_budget_lease_slot CHECK (((slot >= 0) AND (slot <= 63))),
    CONSTRAINT ck_loyalty_budget_lease_spent CHECK ((spent <= leased))
);
CREATE TABLE public.loyalty_card (
    id uuid NOT NULL,
    value bytea,
    programme_id uuid NOT NULL,
    last_digits text NOT NULL,
    state text NOT NULL,
    bucket smallint,
    member_id uuid,
    printed_at timestamp with time zone NOT NULL,
    issued_at timestamp with time zone,
    expires_at timestamp with time zone,
    ended_at timestamp with time zone,
    replaced_by uuid,
    CONSTRAINT ck_loyalty_card_bucket CHECK (((bucket IS NULL) = (member_id IS NULL))),
    CONSTRAINT ck_loyalty_card_owner CHECK (((state = 'printed'::text) = (member_id IS NULL))),
    CONSTRAINT ck_loyalty_card_state CHECK ((state = ANY (ARRAY['printed'::text, 'active'::text, 'lost'::text, 'replaced'::text, 'expired'::text, 'ended'::text])))
);
CREATE TABLE public.loyalty_closing (
    programme_id uuid NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    ledger_digest bytea NOT NULL,
    chain bytea NOT NULL,
    postings bigint NOT NULL,
    time_zone text NOT NULL,
    issuers jsonb NOT NULL,
    digest bytea NOT NULL,
    closed_by uuid,
    closed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_closing_order CHECK ((begins_at < ends_at))
);
CREATE TABLE public.loyalty_code_shown (
    id uuid NOT NULL,
    phone text NOT NULL,
    code text NOT NULL,
    shown_at timestamp with time zone NOT NULL
);
CREATE TABLE public.loyalty_cohort (
    programme_id uuid NOT NULL,
    cohort date NOT NULL,
    month date NOT NULL,
    members integer NOT NULL,
    CONSTRAINT ck_loyalty_cohort_order CHECK (((month >= cohort) AND (members > 0)))
)
WITH (fillfactor='70');
CREATE TABLE public.loyalty_completion (
    bucket smallint NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    key text NOT NULL,
    at timestamp with time zone NOT NULL,
    code text NOT NULL,
    category text DEFAULT ''::text NOT NULL,
    percent integer DEFAULT 0 NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    issuer_id uuid,
    stack text DEFAULT ''::text NOT NULL,
    points bigint DEFAULT 0 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    is_standing boolean DEFAULT true NOT NULL,
    CONSTRAINT ck_loyalty_completion_reward CHECK (((points >= 0) AND (ends_at >= starts_at) AND ((percent >= 0) AND (percent <= 10000))))
);
CREATE TABLE public.loyalty_correction (
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    points bigint NOT NULL,
    reason text NOT NULL,
    attachment text DEFAULT ''::text NOT NULL,
    dispute_id uuid,
    state text DEFAULT 'proposed'::text NOT NULL,
    proposed_by uuid NOT NULL,
    proposed_at timestamp with time zone NOT NULL,
    decided_by uuid,
    decided_at timestamp with time zone,
    note text DEFAULT ''::text NOT NULL,
    posting_id uuid,
    ended_at timestamp with time zone,
    failure text DEFAULT ''::text NOT NULL,
    CONSTRAINT ck_loyalty_correction_decided CHECK ((((state = 'proposed'::text) = (decided_by IS NULL)) AND ((decided_by IS NULL) = (decided_at IS NULL)))),
    CONSTRAINT ck_loyalty_correction_points CHECK ((points <> 0)),
    CONSTRAINT ck_loyalty_correction_posted CHECK (((state = 'posted'::text) = (posting_id IS NOT NULL))),
    CONSTRAINT ck_loyalty_correction_second_person CHECK ((decided_by <> proposed_by)),
    CONSTRAINT ck_loyalty_correction_state CHECK ((state = ANY (ARRAY['proposed'::text, 'approved'::text, 'refused'::text, 'posted'::text, 'failed'::text])))
);
CREATE TABLE public.loyalty_daily (
    programme_id uuid NOT NULL,
    day date NOT NULL,
    partner_id uuid NOT NULL,
    kind text NOT NULL,
    given bigint NOT NULL,
    taken bigint NOT NULL,
    postings bigint NOT NULL,
    CONSTRAINT ck_loyalty_daily_numbers CHECK (((given >= 0) AND (taken >= 0) AND (postings > 0)))
)
WITH (fillfactor='70');
CREATE TABLE public.loyalty_deed (
    bucket smallint NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    key text NOT NULL,
    at timestamp with time zone NOT NULL,
    amount_minor bigint DEFAULT 0 NOT NULL,
    is_refused boolean DEFAULT false NOT NULL
);
CREATE TABLE public.loyalty_dispute (
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    partner_id uuid,
    kind text NOT NULL,
    posting_id uuid,
    receipt text DEFAULT ''::text NOT NULL,
    points bigint,
    said text NOT NULL,
    opened_by text NOT NULL,
    opener_id uuid,
    state text DEFAULT 'open'::text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    correction_id uuid,
    ended_at timestamp with time zone,
    ended_by uuid,
    answer text DEFAULT ''::text NOT NULL,
    CONSTRAINT ck_loyalty_dispute_ended CHECK (((state = ANY (ARRAY['given'::text, 'refused'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT ck_loyalty_dispute_given CHECK (((state <> 'given'::text) OR (correction_id IS NOT NULL))),
    CONSTRAINT ck_loyalty_dispute_kind CHECK ((kind = ANY (ARRAY['missing'::text, 'not_mine'::text, 'wrong_percent'::text, 'other'::text]))),
    CONSTRAINT ck_loyalty_dispute_opened_by CHECK ((opened_by = ANY (ARRAY['member'::text, 'partner'::text, 'staff'::text]))),
    CONSTRAINT ck_loyalty_dispute_state CHECK ((state = ANY (ARRAY['open'::text, 'asked_partner'::text, 'given'::text, 'refused'::text])))
);
CREATE TABLE public.loyalty_dispute_comment (
    id uuid NOT NULL,
    dispute_id uuid NOT NULL,
    author text NOT NULL,
    author_id uuid,
    is_internal boolean DEFAULT false NOT NULL,
    said text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_dispute_comment_author CHECK ((author = ANY (ARRAY['member'::text, 'partner'::text, 'staff'::text]))),
    CONSTRAINT ck_loyalty_dispute_comment_internal CHECK (((NOT is_internal) OR (author = 'staff'::text)))
);
CREATE TABLE public.loyalty_feed (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    partner_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    kind text NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    sealed bytea DEFAULT '\x'::bytea NOT NULL,
    cron text DEFAULT ''::text NOT NULL,
    is_active boolean DEFAULT false NOT NULL,
    mapping_version integer DEFAULT 0 NOT NULL,
    cursor text DEFAULT ''::text NOT NULL,
    next_at timestamp with time zone,
    ran_at timestamp with time zone,
    failure text DEFAULT ''::text NOT NULL,
    failure_facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    failed_at timestamp with time zone,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_feed_kind CHECK ((kind = ANY (ARRAY['pull_file'::text, 'poll'::text, 'webhook'::text, 'call_out'::text])))
);
CREATE TABLE public.loyalty_feed_call (
    id uuid NOT NULL,
    feed_id uuid NOT NULL,
    item_id uuid NOT NULL,
    ordinal integer NOT NULL,
    path text NOT NULL,
    body jsonb NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    status integer,
    try_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT ck_loyalty_feed_call_state CHECK ((state = ANY (ARRAY['waiting'::text, 'done'::text, 'failed'::text])))
);
CREATE TABLE public.loyalty_feed_clearing (
    feed_id uuid NOT NULL,
    item_id uuid NOT NULL,
    ordinal integer NOT NULL,
    partner_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    matter text NOT NULL,
    key text NOT NULL,
    amount_minor bigint NOT NULL,
    currency character(3) NOT NULL,
    points bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL
);
CREATE TABLE public.loyalty_feed_item (
    feed_id uuid NOT NULL,
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    row_number bigint NOT NULL,
    key text NOT NULL,
    rule text NOT NULL,
    state text NOT NULL,
    code text DEFAULT ''::text NOT NULL,
    message text DEFAULT ''::text NOT NULL,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    points bigint DEFAULT 0 NOT NULL,
    shown jsonb,
    sealed bytea,
    attempt integer DEFAULT 0 NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    try_at timestamp with time zone,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_feed_item_state CHECK ((state = ANY (ARRAY['taken'::text, 'refused'::text, 'waiting'::text])))
);
CREATE TABLE public.loyalty_feed_mapping (
    feed_id uuid NOT NULL,
    version integer CONSTRAINT loyalty_feed_mapping_version_not_null1 NOT NULL,
    written text NOT NULL,
    created_by uuid,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.loyalty_feed_order (
    partner_id uuid NOT NULL,
    receipt text NOT NULL,
    feed_id uuid NOT NULL,
    version text DEFAULT ''::text NOT NULL,
    state bytea NOT NULL,
    intent bytea,
    due_at timestamp with time zone,
    is_open boolean DEFAULT false NOT NULL,
    failure text DEFAULT ''::text NOT NULL,
    failure_facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.loyalty_feed_run (
    id uuid NOT NULL,
    feed_id uuid NOT NULL,
    source text NOT NULL,
    file text DEFAULT ''::text NOT NULL,
    body bytea,
    state text DEFAULT 'running'::text NOT NULL,
    mapping_version integer NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    read bigint DEFAULT 0 NOT NULL,
    taken bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    waiting bigint DEFAULT 0 NOT NULL,
    repeated bigint DEFAULT 0 NOT NULL,
    skipped bigint DEFAULT 0 NOT NULL,
    warnings jsonb DEFAULT '[]'::jsonb NOT NULL,
    failure text DEFAULT ''::text NOT NULL,
    failure_facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT ck_loyalty_feed_run_state CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'broken'::text])))
);
CREATE TABLE public.loyalty_guard_alert (
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    partner_id uuid,
    kind text NOT NULL,
    state text DEFAULT 'new'::text NOT NULL,
    facts jsonb NOT NULL,
    number integer DEFAULT 1 NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    handled_at timestamp with time zone,
    handled_by uuid,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT ck_loyalty_guard_alert_number CHECK ((number > 0)),
    CONSTRAINT ck_loyalty_guard_alert_state CHECK ((state = ANY (ARRAY['new'::text, 'looked_at'::text, 'dismissed'::text, 'blocked'::text])))
);
CREATE TABLE public.loyalty_guard_challenge (
    id uuid NOT NULL,
    bucket smallint NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    device uuid,
    code bytea NOT NULL,
    tries smallint DEFAULT 0 NOT NULL,
    token bytea,
    started_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    passed_at timestamp with time zone,
    used_at timestamp with time zone,
    CONSTRAINT ck_loyalty_guard_challenge_passed CHECK (((token IS NULL) = (passed_at IS NULL))),
    CONSTRAINT ck_loyalty_guard_challenge_tries CHECK (((tries >= 0) AND (tries <= 5))),
    CONSTRAINT ck_loyalty_guard_challenge_used CHECK (((used_at IS NULL) OR (passed_at IS NOT NULL)))
);
CREATE TABLE public.loyalty_guard_count (
    bucket smallint NOT NULL,
    key uuid NOT NULL,
    slot_seconds integer NOT NULL,
    slot bigint NOT NULL,
    number integer NOT NULL,
    points bigint NOT NULL,
    gone_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_guard_count_numbers CHECK (((number > 0) AND (points >= 0)))
)
WITH (fillfactor='70');
CREATE TABLE public.loyalty_guard_device (
    bucket smallint NOT NULL,
    member_id uuid NOT NULL,
    device uuid NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    trusted_at timestamp with time zone
);
CREATE TABLE public.loyalty_guard_member (
    bucket smallint NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    moved_at timestamp with time zone,
    blocked_by uuid
)
WITH (fillfactor='80');
CREATE TABLE public.loyalty_guard_rules (
    programme_id uuid NOT NULL,
    rules jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.loyalty_lot (
    bucket smallint NOT NULL,
    id uuid NOT NULL,
    account_id bigint NOT NULL,
    ledger integer NOT NULL,
    issuer integer NOT NULL,
    campaign_id uuid,
    remaining bigint NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    price_micro bigint DEFAULT 0 NOT NULL,
    earned_at timestamp with time zone NOT NULL,
    active_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    CONSTRAINT ck_loyalty_lot_held CHECK ((held >= 0))
)
WITH (fillfactor='80');
CREATE TABLE public.loyalty_member (
    bucket smallint NOT NULL,
    id uuid NOT NULL,
    party_id uuid,
    state text DEFAULT 'active'::text NOT NULL,
    language text DEFAULT ''::text NOT NULL,
    time_zone text NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    merged_into uuid,
    blocked_reason text DEFAULT ''::text NOT NULL,
    erased_at timestamp with time zone,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_member_bucket CHECK ((bucket = get_byte(uuid_send(id), 15))),
    CONSTRAINT ck_loyalty_member_erased CHECK (((erased_at IS NULL) OR (party_id IS NULL))),
    CONSTRAINT ck_loyalty_member_merged CHECK (((state = 'merged'::text) = (merged_into IS NOT NULL))),
    CONSTRAINT ck_loyalty_member_state CHECK ((state = ANY (ARRAY['active'::text, 'blocked'::text, 'merged'::text, 'left'::text])))
);
CREATE TABLE public.loyalty_member_merge (
    id uuid NOT NULL,
    keep_id uuid NOT NULL,
    absorb_id uuid NOT NULL,
    party_merge_id uuid,
    absorbed jsonb NOT NULL,
    kept jsonb NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by uuid,
    undone_at timestamp with time zone,
    undone_by uuid,
    CONSTRAINT ck_loyalty_member_merge_two CHECK ((keep_id <> absorb_id))
);
CREATE TABLE public.loyalty_membership (
    bucket smallint NOT NULL,
    member_id uuid NOT NULL,
    programme_id uuid NOT NULL,
    account_id bigint NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    enrolled_at timestamp with time zone NOT NULL,
    enrolled_by uuid,
    merged_into uuid,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_membership_merged CHECK (((state = 'merged'::text) = (merged_into IS NOT NULL))),
    CONSTRAINT ck_loyalty_membership_state CHECK ((state = ANY (ARRAY['active'::text, 'blocked'::text, 'merged'::text, 'left'::text])))
);
CREATE TABLE public.loyalty_move (
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    ledger integer NOT NULL,
    from_bucket smallint NOT NULL,
    from_account_id bigint NOT NULL,
    to_bucket smallint NOT NULL,
    to_account_id bigint NOT NULL,
    is_back boolean NOT NULL,
    points bigint NOT NULL,
    lots bytea NOT NULL,
    left_at timestamp with time zone NOT NULL,
    arrived_at timestamp with time zone
);
CREATE TABLE public.loyalty_offer (
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    code text NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    content jsonb NOT NULL,
    refusal text DEFAULT ''::text NOT NULL,
    is_live boolean DEFAULT false NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    written_by uuid,
    submitted_at timestamp with time zone,
    decided_by uuid,
    decided_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_offer_ended CHECK (((state <> ALL (ARRAY['paused'::text, 'ended'::text])) OR (NOT is_live))),
    CONSTRAINT ck_loyalty_offer_refusal CHECK (((state <> 'refused'::text) OR (refusal <> ''::text))),
    CONSTRAINT ck_loyalty_offer_state CHECK ((state = ANY (ARRAY['draft'::text, 'in_review'::text, 'approved'::text, 'refused'::text, 'running'::text, 'paused'::text, 'ended'::text])))
);
CREATE TABLE public.loyalty_offer_comparison (
    offer_id uuid NOT NULL,
    result jsonb NOT NULL,
    measured_at timestamp with time zone NOT NULL
);
CREATE TABLE public.loyalty_offer_day (
    offer_id uuid NOT NULL,
    day date NOT NULL,
    slot smallint NOT NULL,
    shown bigint DEFAULT 0 NOT NULL,
    switched_on bigint DEFAULT 0 NOT NULL,
    completed bigint DEFAULT 0 NOT NULL,
    uses bigint DEFAULT 0 NOT NULL,
    points bigint DEFAULT 0 NOT NULL,
    amount_minor bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.loyalty_offer_shown (
    day date NOT NULL,
    offer_id uuid NOT NULL,
    member_id uuid NOT NULL
);
CREATE TABLE public.loyalty_offer_taken (
    offer_id uuid NOT NULL,
    day date NOT NULL,
    taken bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_loyalty_offer_taken CHECK ((taken >= 0))
);
CREATE TABLE public.loyalty_offer_version (
    offer_id uuid NOT NULL,
    version integer NOT NULL,
    content jsonb NOT NULL,
    in_force_from timestamp with time zone NOT NULL,
    in_force_until timestamp with time zone,
    approved_by uuid,
    approved_at timestamp with time zone NOT NULL
);
CREATE TABLE public.loyalty_participation (
    programme_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    earns boolean DEFAULT true NOT NULL,
    spends boolean DEFAULT true NOT NULL,
    billing text DEFAULT 'postpaid'::text NOT NULL,
    issue_price numeric(20,6) NOT NULL,
    redeem_price numeric(20,6) NOT NULL,
    percent integer,
    pending_days integer,
    return_policy text,
    share_max integer DEFAULT 10000 NOT NULL,
    alert_points bigint,
    is_active boolean DEFAULT true NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_participation_billing CHECK ((billing = ANY (ARRAY['prepaid'::text, 'postpaid'::text]))),
    CONSTRAINT ck_loyalty_participation_pending CHECK (((pending_days >= 0) AND (pending_days <= 366))),
    CONSTRAINT ck_loyalty_participation_percent CHECK (((percent >= 0) AND (percent <= 10000))),
    CONSTRAINT ck_loyalty_participation_prices CHECK (((issue_price >= (0)::numeric) AND (redeem_price >= (0)::numeric))),
    CONSTRAINT ck_loyalty_participation_return_policy CHECK ((return_policy = ANY (ARRAY['debt'::text, 'write_off'::text, 'block'::text]))),
    CONSTRAINT ck_loyalty_participation_share CHECK (((share_max >= 0) AND (share_max <= 10000)))
);
CREATE TABLE public.loyalty_partner (
    id uuid NOT NULL,
    number smallint NOT NULL,
    code text NOT NULL,
    name jsonb NOT NULL,
    about jsonb DEFAULT '{}'::jsonb NOT NULL,
    category text DEFAULT ''::text NOT NULL,
    picture text,
    site text DEFAULT ''::text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_partner_number CHECK (((number >= 1) AND (number <= 9999)))
);
CREATE TABLE public.loyalty_point_block (
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    number integer NOT NULL,
    points bigint NOT NULL,
    amount_minor bigint NOT NULL,
    invoice text NOT NULL,
    state text DEFAULT 'ordered'::text NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    paid_at timestamp with time zone,
    CONSTRAINT ck_loyalty_point_block_amounts CHECK (((points > 0) AND (amount_minor >= 0))),
    CONSTRAINT ck_loyalty_point_block_state CHECK (((state = ANY (ARRAY['ordered'::text, 'paid'::text, 'cancelled'::text])) AND ((state = 'paid'::text) = (paid_at IS NOT NULL))))
);
CREATE TABLE public.loyalty_prepayment (
    programme_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    issued_before bigint NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    blocks integer DEFAULT 0 NOT NULL,
    stopped_at timestamp with time zone
);
CREATE TABLE public.loyalty_programme (
    id uuid NOT NULL,
    number smallint NOT NULL,
    code text NOT NULL,
    name jsonb NOT NULL,
    unit jsonb DEFAULT '{}'::jsonb NOT NULL,
    currency character(3) NOT NULL,
    point_minor integer NOT NULL,
    percent integer NOT NULL,
    percent_max integer NOT NULL,
    lifetime_months integer,
    pending_days integer DEFAULT 0 NOT NULL,
    settle_at text DEFAULT 'issuance'::text NOT NULL,
    return_policy text DEFAULT 'debt'::text NOT NULL,
    time_zone text DEFAULT 'Europe/Moscow'::text NOT NULL,
    market text,
    is_open boolean DEFAULT true NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_programme_number CHECK (((number >= 1) AND (number <= 999))),
    CONSTRAINT ck_loyalty_programme_percent CHECK (((percent >= 0) AND (percent_max <= 10000) AND (percent <= percent_max))),
    CONSTRAINT ck_loyalty_programme_return_policy CHECK ((return_policy = ANY (ARRAY['debt'::text, 'write_off'::text, 'block'::text]))),
    CONSTRAINT ck_loyalty_programme_settle_at CHECK ((settle_at = ANY (ARRAY['issuance'::text, 'redemption'::text]))),
    CONSTRAINT ck_loyalty_programme_terms CHECK (((point_minor > 0) AND ((lifetime_months IS NULL) OR (lifetime_months > 0)) AND ((pending_days >= 0) AND (pending_days <= 366))))
);
CREATE TABLE public.loyalty_receipt (
    partner_id uuid NOT NULL,
    receipt text NOT NULL,
    programme_id uuid NOT NULL,
    bucket smallint,
    member_id uuid,
    account_id bigint,
    happened_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    content bytea NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_receipt_member CHECK ((num_nulls(bucket, member_id, account_id, happened_at) = ANY (ARRAY[0, 4])))
)
WITH (fillfactor='80');
CREATE TABLE public.loyalty_reference (
    value bytea NOT NULL,
    kind text NOT NULL,
    scope text DEFAULT ''::text NOT NULL,
    bucket smallint NOT NULL,
    member_id uuid NOT NULL,
    added_at timestamp with time zone NOT NULL,
    added_by uuid,
    proven_by text,
    proven_at timestamp with time zone,
    CONSTRAINT ck_loyalty_reference_kind CHECK ((kind = ANY (ARRAY['phone'::text, 'card'::text, 'partner'::text]))),
    CONSTRAINT ck_loyalty_reference_proven CHECK (((proven_by IS NULL) = (proven_at IS NULL))),
    CONSTRAINT ck_loyalty_reference_scope CHECK (((kind = 'partner'::text) = (scope <> ''::text)))
);
CREATE TABLE public.loyalty_reference_past (
    bucket smallint NOT NULL,
    member_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    scope text NOT NULL,
    value bytea,
    added_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    reason text NOT NULL
);
CREATE TABLE public.loyalty_reward (
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    name jsonb NOT NULL,
    about jsonb DEFAULT '{}'::jsonb NOT NULL,
    terms jsonb DEFAULT '{}'::jsonb NOT NULL,
    picture text,
    points bigint DEFAULT 0 NOT NULL,
    amounts bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    stock integer,
    per_member integer,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    is_active boolean DEFAULT true NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    points_given bigint DEFAULT 0 NOT NULL,
    orders integer DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_reward_kind CHECK ((kind = ANY (ARRAY['goods'::text, 'certificate'::text, 'donation'::text]))),
    CONSTRAINT ck_loyalty_reward_per_member CHECK (((per_member IS NULL) OR (per_member > 0))),
    CONSTRAINT ck_loyalty_reward_price CHECK (
CASE
    WHEN (kind = 'donation'::text) THEN ((points = 0) AND (cardinality(amounts) > 0))
    ELSE ((points > 0) AND (cardinality(amounts) = 0))
END),
    CONSTRAINT ck_loyalty_reward_stock CHECK (((stock IS NULL) OR (stock >= 0)))
);
CREATE TABLE public.loyalty_reward_code (
    id uuid NOT NULL,
    reward_id uuid NOT NULL,
    digest bytea NOT NULL,
    sealed bytea NOT NULL,
    order_id uuid,
    added_at timestamp with time zone NOT NULL
);
CREATE TABLE public.loyalty_reward_order (
    bucket smallint NOT NULL,
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    reward_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    points bigint NOT NULL,
    state text NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    shown_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_reward_order_done CHECK (((done_at IS NOT NULL) = (state = ANY (ARRAY['done'::text, 'cancelling'::text, 'cancelled'::text])))),
    CONSTRAINT ck_loyalty_reward_order_points CHECK ((points > 0)),
    CONSTRAINT ck_loyalty_reward_order_state CHECK ((state = ANY (ARRAY['taken'::text, 'held'::text, 'done'::text, 'cancelling'::text, 'cancelled'::text, 'refused'::text])))
);
CREATE TABLE public.loyalty_route (
    account_id bigint NOT NULL,
    bucket smallint NOT NULL,
    to_account_id bigint NOT NULL,
    to_bucket smallint NOT NULL,
    programme_id uuid NOT NULL
);
CREATE TABLE public.loyalty_rule (
    id uuid NOT NULL,
    version integer NOT NULL,
    programme_id uuid NOT NULL,
    partner_id uuid,
    code text NOT NULL,
    content jsonb NOT NULL,
    in_force_from timestamp with time zone NOT NULL,
    in_force_until timestamp with time zone,
    written_by uuid,
    written_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_rule_version CHECK ((version > 0))
);
CREATE TABLE public.loyalty_rulebook (
    only_one boolean DEFAULT true NOT NULL,
    revision bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_loyalty_rulebook_only_one CHECK (only_one)
);
CREATE TABLE public.loyalty_settlement_alert (
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    kind text NOT NULL,
    points bigint NOT NULL,
    limit_points bigint NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT ck_loyalty_settlement_alert_kind CHECK ((kind = ANY (ARRAY['block_low'::text, 'block_empty'::text, 'exposure_high'::text])))
);
CREATE TABLE public.loyalty_settlement_rule (
    programme_id uuid NOT NULL,
    when_exhausted text DEFAULT 'run_on'::text NOT NULL,
    due_days smallint DEFAULT 10 NOT NULL,
    vat_percent numeric(5,2),
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_settlement_rule_exhausted CHECK ((when_exhausted = ANY (ARRAY['stop'::text, 'run_on'::text]))),
    CONSTRAINT ck_loyalty_settlement_rule_numbers CHECK ((((vat_percent IS NULL) OR ((vat_percent >= (0)::numeric) AND (vat_percent <= (99)::numeric))) AND ((due_days >= 0) AND (due_days <= 366))))
);
CREATE TABLE public.loyalty_sign_in (
    id uuid NOT NULL,
    phone_value bytea NOT NULL,
    address_value bytea NOT NULL,
    sealed_phone bytea,
    language text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    used_at timestamp with time zone,
    CONSTRAINT ck_loyalty_sign_in_attempts CHECK ((attempts >= 0))
);
CREATE TABLE public.loyalty_standing (
    bucket smallint NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL
);
CREATE TABLE public.loyalty_statement (
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    content jsonb NOT NULL,
    due_minor bigint NOT NULL,
    currency character(3) NOT NULL,
    due_on date NOT NULL,
    digest bytea NOT NULL
);
CREATE TABLE public.loyalty_statement_payment (
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    paid_on date NOT NULL,
    reference text NOT NULL,
    recorded_by uuid,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_loyalty_statement_payment_amount CHECK ((amount_minor <> 0))
);
CREATE TABLE public.loyalty_switch (
    bucket smallint NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    is_on boolean NOT NULL
);
CREATE TABLE public.loyalty_terms_version (
    programme_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    from_at timestamp with time zone NOT NULL,
    billing text NOT NULL,
    issue_price numeric(20,6) NOT NULL,
    redeem_price numeric(20,6) NOT NULL,
    CONSTRAINT ck_loyalty_terms_version_billing CHECK ((billing = ANY (ARRAY['prepaid'::text, 'postpaid'::text]))),
    CONSTRAINT ck_loyalty_terms_version_prices CHECK (((issue_price >= (0)::numeric) AND (redeem_price >= (0)::numeric)))
);
CREATE TABLE public.loyalty_unclaimed (
    partner_id uuid NOT NULL,
    receipt text NOT NULL,
    programme_id uuid NOT NULL,
    ref bytea NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    content bytea NOT NULL,
    kept_at timestamp with time zone NOT NULL
);
CREATE TABLE public.loyalty_use (
    bucket smallint NOT NULL,
    programme_id uuid NOT NULL,
    member_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    key text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.markets_market (
    code text NOT NULL,
    name jsonb NOT NULL,
    currency character(3) NOT NULL,
    country character(2) NOT NULL,
    languages text[] NOT NULL,
    default_language text NOT NULL,
    tax_rate numeric(6,5) NOT NULL,
    prices_include_tax boolean NOT NULL,
    phone_region character(2) NOT NULL,
    time_zone text NOT NULL,
    legal_entity jsonb DEFAULT '{}'::jsonb NOT NULL,
    is_open boolean DEFAULT true NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by uuid,
    CONSTRAINT markets_market_code_check CHECK ((code ~ '^[a-z][a-z0-9-]{1,15}$'::text)),
    CONSTRAINT markets_market_default_language_check CHECK ((default_language = ANY (languages))),
    CONSTRAINT markets_market_languages_check CHECK ((cardinality(languages) > 0)),
    CONSTRAINT markets_market_tax_rate_check CHECK (((tax_rate >= (0)::numeric) AND (tax_rate < (1)::numeric)))
);
CREATE TABLE public.notifications_campaign (
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    programme_id uuid NOT NULL,
    segment_id uuid NOT NULL,
    criteria jsonb,
    control_share integer DEFAULT 0 NOT NULL,
    variants jsonb NOT NULL,
    link text DEFAULT ''::text NOT NULL,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    measured_days integer DEFAULT 14 NOT NULL,
    cursor_id uuid,
    is_picked boolean DEFAULT false NOT NULL,
    picked integer DEFAULT 0 NOT NULL,
    control integer DEFAULT 0 NOT NULL,
    created_by uuid NOT NULL,
    approved_by uuid,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    result jsonb,
    result_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_notifications_campaign_control CHECK (((control_share >= 0) AND (control_share <= 9000))),
    CONSTRAINT ck_notifications_campaign_days CHECK (((measured_days >= 1) AND (measured_days <= 90))),
    CONSTRAINT ck_notifications_campaign_kind CHECK ((kind = ANY (ARRAY['offers'::text, 'expiry'::text]))),
    CONSTRAINT ck_notifications_campaign_state CHECK ((state = ANY (ARRAY['draft'::text, 'approved'::text, 'running'::text, 'paused'::text, 'done'::text, 'stopped'::text]))),
    CONSTRAINT ck_notifications_campaign_times CHECK (((ends_at IS NULL) OR (ends_at > starts_at)))
);
CREATE TABLE public.notifications_delivery (
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    device_id uuid NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_notifications_delivery_state CHECK ((state = ANY (ARRAY['sending'::text, 'later'::text, 'sent'::text, 'delivered'::text, 'read'::text, 'gone'::text, 'refused'::text])))
)
WITH (fillfactor='80');
CREATE TABLE public.notifications_device (
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    party_id uuid NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    address_digest bytea NOT NULL,
    key_public text DEFAULT ''::text NOT NULL,
    key_auth text DEFAULT ''::text NOT NULL,
    installation text DEFAULT ''::text NOT NULL,
    app_version text DEFAULT ''::text NOT NULL,
    language text DEFAULT ''::text NOT NULL,
    time_zone text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_notifications_device_channel CHECK ((channel = ANY (ARRAY['webpush'::text, 'fcm'::text, 'edna'::text]))),
    CONSTRAINT ck_notifications_device_keys CHECK (((channel <> 'webpush'::text) OR ((key_public <> ''::text) AND (key_auth <> ''::text))))
);
CREATE TABLE public.notifications_key (
    name text NOT NULL,
    public text NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.notifications_message (
    id uuid NOT NULL,
    number bigint NOT NULL,
    member_id uuid NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    collapse_key text NOT NULL,
    dedup_key text NOT NULL,
    texts jsonb NOT NULL,
    places jsonb DEFAULT '{}'::jsonb NOT NULL,
    link text DEFAULT ''::text NOT NULL,
    campaign_id uuid,
    variant text DEFAULT ''::text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    was_quiet boolean DEFAULT false NOT NULL,
    counted_at timestamp with time zone,
    claimed_at timestamp with time zone,
    ended_at timestamp with time zone,
    opened_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_notifications_message_claimed CHECK (((state <> 'sending'::text) OR (claimed_at IS NOT NULL))),
    CONSTRAINT ck_notifications_message_kind CHECK ((kind = ANY (ARRAY['transactional'::text, 'offers'::text, 'expiry'::text]))),
    CONSTRAINT ck_notifications_message_state CHECK ((state = ANY (ARRAY['waiting'::text, 'sending'::text, 'sent'::text, 'failed'::text, 'dropped'::text])))
)
WITH (fillfactor='80');
ALTER TABLE public.notifications_message ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notifications_message_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.notifications_person (
    member_id uuid NOT NULL,
    party_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.notifications_policy (
    id smallint DEFAULT 1 NOT NULL,
    quiet_from time without time zone NOT NULL,
    quiet_until time without time zone NOT NULL,
    day_max integer NOT NULL,
    week_max integer NOT NULL,
    time_zone text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_notifications_policy_caps CHECK (((day_max >= 0) AND (week_max >= 0))),
    CONSTRAINT ck_notifications_policy_single CHECK ((id = 1))
);
CREATE TABLE public.notifications_preference (
    member_id uuid NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    is_on boolean NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_notifications_preference_channel CHECK ((channel = ANY (ARRAY['webpush'::text, 'fcm'::text, 'edna'::text]))),
    CONSTRAINT ck_notifications_preference_kind CHECK ((kind = ANY (ARRAY['transactional'::text, 'offers'::text, 'expiry'::text])))
);
CREATE TABLE public.notifications_recipient (
    campaign_id uuid NOT NULL,
    member_id uuid NOT NULL,
    variant text NOT NULL,
    is_control boolean NOT NULL,
    picked_at timestamp with time zone NOT NULL
);
CREATE TABLE public.notifications_segment (
    id uuid NOT NULL,
    name text NOT NULL,
    programme_id uuid NOT NULL,
    criteria jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.notifications_status (
    request_id uuid NOT NULL,
    status text NOT NULL,
    status_at timestamp with time zone,
    error text DEFAULT ''::text NOT NULL,
    received_at timestamp with time zone NOT NULL
);
CREATE TABLE public.notifications_template (
    code text NOT NULL,
    texts jsonb NOT NULL,
    is_on boolean NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.orders_history (
    order_id uuid NOT NULL,
    "position" bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    from_state text,
    to_state text,
    by_kind text NOT NULL,
    by_id uuid,
    comment text DEFAULT ''::text NOT NULL,
    CONSTRAINT ck_orders_history_kind CHECK ((kind = ANY (ARRAY['placed'::text, 'state'::text, 'payment'::text, 'note'::text, 'shipment'::text, 'export'::text, 'refused'::text, 'given_up'::text])))
);
ALTER TABLE public.orders_history ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.orders_history_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.orders_line (
    order_id uuid NOT NULL,
    "position" integer NOT NULL,
    variant_id uuid NOT NULL,
    product_id uuid NOT NULL,
    sku text NOT NULL,
    name jsonb NOT NULL,
    options jsonb NOT NULL,
    image text,
    quantity numeric(14,3) NOT NULL,
    unit text NOT NULL,
    unit_price numeric(20,6) NOT NULL,
    base_price numeric(20,6) NOT NULL,
    price_reason text,
    amount_minor bigint NOT NULL,
    tax_rate numeric(7,5) NOT NULL,
    tax_minor bigint NOT NULL,
    given_up numeric(14,3) DEFAULT 0 NOT NULL,
    given_up_minor bigint DEFAULT 0 NOT NULL,
    given_up_tax_minor bigint DEFAULT 0 NOT NULL,
    is_gift boolean DEFAULT false NOT NULL,
    CONSTRAINT ck_orders_line_amount CHECK (((amount_minor >= 0) AND (tax_minor >= 0))),
    CONSTRAINT ck_orders_line_given_up CHECK (((given_up >= (0)::numeric) AND (given_up <= quantity) AND (given_up_minor >= 0) AND (given_up_tax_minor >= 0))),
    CONSTRAINT ck_orders_line_quantity CHECK ((quantity > (0)::numeric))
);
CREATE SEQUENCE public.orders_number
    START WITH 100001
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.orders_order (
    id uuid NOT NULL,
    number text NOT NULL,
    market text NOT NULL,
    channel text NOT NULL,
    party_id uuid,
    user_id uuid,
    state text NOT NULL,
    payment_state text NOT NULL,
    currency character(3) NOT NULL,
    goods_minor bigint NOT NULL,
    delivery_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    tax_included boolean NOT NULL,
    delivery jsonb NOT NULL,
    warehouse_id uuid,
    recipient_name text NOT NULL,
    recipient_phone text NOT NULL,
    recipient_email text NOT NULL,
    comment text DEFAULT ''::text NOT NULL,
    language text NOT NULL,
    payment_method text NOT NULL,
    payment_id uuid,
    reservation_id uuid,
    placing_key text NOT NULL,
    erp_number text,
    placed_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    pay_until timestamp with time zone,
    shipped_at timestamp with time zone,
    delivered_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    cancel_reason text,
    change_number bigint DEFAULT 1 NOT NULL,
    exported_number bigint DEFAULT 0 NOT NULL,
    exported_at timestamp with time zone,
    CONSTRAINT ck_orders_order_amounts CHECK (((goods_minor >= 0) AND (delivery_minor >= 0) AND (tax_minor >= 0) AND (total_minor = ((goods_minor + delivery_minor) +
CASE
    WHEN tax_included THEN (0)::bigint
    ELSE tax_minor
END)))),
    CONSTRAINT ck_orders_order_exported CHECK ((exported_number <= change_number)),
    CONSTRAINT ck_orders_order_payment_state CHECK ((payment_state = ANY (ARRAY['deferred'::text, 'due'::text, 'awaiting'::text, 'authorised'::text, 'paid'::text, 'failed'::text, 'refunded'::text, 'voided'::text]))),
    CONSTRAINT ck_orders_order_state CHECK ((state = ANY (ARRAY['placed'::text, 'confirmed'::text, 'packed'::text, 'shipped'::text, 'delivered'::text, 'completed'::text, 'cancelled'::text])))
);
CREATE TABLE public.orders_shipment (
    order_id uuid NOT NULL,
    number text NOT NULL,
    shipped_at timestamp with time zone NOT NULL,
    lines jsonb NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);
CREATE TABLE public.outbox_cursor (
    subscription text NOT NULL,
    stream text NOT NULL,
    partition smallint NOT NULL,
    "position" bigint NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.outbox_event (
    serial bigint NOT NULL,
    "position" bigint,
    id uuid NOT NULL,
    partition smallint NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    payload json NOT NULL,
    trace text,
    created_at timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000');
ALTER TABLE public.outbox_event ALTER COLUMN serial ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_event_serial_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.outbox_inbox (
    subscription text NOT NULL,
    event_id uuid NOT NULL,
    handled_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.outbox_sequence (
    only_row boolean DEFAULT true NOT NULL,
    last bigint NOT NULL,
    CONSTRAINT ck_outbox_sequence_only_row CHECK (only_row)
);
CREATE TABLE public.outbox_stuck (
    subscription text NOT NULL,
    stream text NOT NULL,
    partition smallint NOT NULL,
    key text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone NOT NULL,
    error text,
    failed_at timestamp with time zone,
    set_aside_at timestamp with time zone
);
CREATE TABLE public.outbox_waiting (
    subscription text NOT NULL,
    key text NOT NULL,
    stream text NOT NULL,
    "position" bigint NOT NULL,
    partition smallint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    payload text NOT NULL,
    trace text,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.parties_address (
    id uuid NOT NULL,
    party_id uuid NOT NULL,
    label text DEFAULT ''::text NOT NULL,
    recipient text DEFAULT ''::text NOT NULL,
    phone text DEFAULT ''::text NOT NULL,
    country text DEFAULT ''::text NOT NULL,
    region text DEFAULT ''::text NOT NULL,
    city text DEFAULT ''::text NOT NULL,
    street text DEFAULT ''::text NOT NULL,
    house text DEFAULT ''::text NOT NULL,
    flat text DEFAULT ''::text NOT NULL,
    postcode text DEFAULT ''::text NOT NULL,
    comment text DEFAULT ''::text NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.parties_conflict (
    first_id uuid NOT NULL,
    second_id uuid NOT NULL,
    kinds text[] NOT NULL,
    found_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT parties_conflict_order_check CHECK ((first_id < second_id))
);
CREATE TABLE public.parties_consent (
    id uuid NOT NULL,
    party_id uuid NOT NULL,
    purpose text NOT NULL,
    is_granted boolean NOT NULL,
    document text DEFAULT ''::text NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    decided_at timestamp with time zone NOT NULL
);
CREATE TABLE public.parties_identifier (
    kind text NOT NULL,
    system text DEFAULT ''::text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    party_id uuid NOT NULL,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT parties_identifier_kind_check CHECK ((kind = ANY (ARRAY['email'::text, 'phone'::text, 'inn'::text, 'kpp'::text, 'ogrn'::text, 'card'::text, 'outside'::text])))
);
CREATE TABLE public.parties_merge (
    id uuid NOT NULL,
    keep_id uuid NOT NULL,
    absorb_id uuid NOT NULL,
    absorbed jsonb NOT NULL,
    keep_roles jsonb NOT NULL,
    filled jsonb NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by uuid,
    undone_at timestamp with time zone,
    undone_by uuid
);
CREATE TABLE public.parties_party (
    id uuid NOT NULL,
    kind text NOT NULL,
    display_name text NOT NULL,
    given_name text DEFAULT ''::text NOT NULL,
    family_name text DEFAULT ''::text NOT NULL,
    middle_name text DEFAULT ''::text NOT NULL,
    legal_name text DEFAULT ''::text NOT NULL,
    language text DEFAULT ''::text NOT NULL,
    birth_on date,
    sort_name text GENERATED ALWAYS AS (translate(lower(display_name), 'ё'::text, 'е'::text)) STORED NOT NULL,
    merged_into uuid,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT parties_party_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'organisation'::text]))),
    CONSTRAINT parties_party_merged_check CHECK ((merged_into <> id))
);
CREATE TABLE public.parties_role (
    person_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    role text NOT NULL,
    since timestamp with time zone NOT NULL
);
CREATE TABLE public.payments_attempt (
    payment_id uuid NOT NULL,
    key text NOT NULL,
    action text NOT NULL,
    amount_minor bigint NOT NULL,
    state text NOT NULL,
    tries integer NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    reason text,
    CONSTRAINT ck_payments_attempt_action CHECK ((action = ANY (ARRAY['start'::text, 'capture'::text, 'refund'::text, 'void'::text]))),
    CONSTRAINT ck_payments_attempt_state CHECK ((state = ANY (ARRAY['asked'::text, 'done'::text, 'unknown'::text, 'refused'::text])))
);
CREATE TABLE public.payments_history (
    payment_id uuid NOT NULL,
    "position" bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    from_state text,
    to_state text NOT NULL,
    amount_minor bigint NOT NULL,
    comment text DEFAULT ''::text NOT NULL
);
ALTER TABLE public.payments_history ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payments_history_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.payments_method (
    market text NOT NULL,
    code text NOT NULL,
    provider text NOT NULL,
    name jsonb NOT NULL,
    hint jsonb DEFAULT '{}'::jsonb NOT NULL,
    "position" integer NOT NULL,
    capture_at_once boolean DEFAULT true NOT NULL,
    pay_within_minutes integer,
    is_active boolean DEFAULT true NOT NULL
);
CREATE TABLE public.payments_notice (
    provider text NOT NULL,
    notice_id text NOT NULL,
    reference text NOT NULL,
    received_at timestamp with time zone NOT NULL
);
CREATE TABLE public.payments_payment (
    id uuid NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    attempt integer NOT NULL,
    market text NOT NULL,
    method text NOT NULL,
    provider text NOT NULL,
    currency character(3) NOT NULL,
    amount_minor bigint NOT NULL,
    authorised_minor bigint DEFAULT 0 NOT NULL,
    captured_minor bigint DEFAULT 0 NOT NULL,
    refunded_minor bigint DEFAULT 0 NOT NULL,
    state text NOT NULL,
    wanted text DEFAULT 'paid'::text NOT NULL,
    capture_at_once boolean NOT NULL,
    capture_minor bigint,
    reference text,
    redirect_url text,
    return_url text DEFAULT ''::text NOT NULL,
    description text NOT NULL,
    language text NOT NULL,
    reason text,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    check_at timestamp with time zone,
    checks integer DEFAULT 0 NOT NULL,
    due_minor bigint,
    hold_expires_at timestamp with time zone,
    CONSTRAINT ck_payments_payment_amounts CHECK (((amount_minor >= 0) AND (authorised_minor >= 0) AND (captured_minor >= 0) AND (refunded_minor >= 0) AND (refunded_minor <= captured_minor))),
    CONSTRAINT ck_payments_payment_due CHECK (((due_minor IS NULL) OR ((due_minor >= 0) AND (due_minor <= amount_minor)))),
    CONSTRAINT ck_payments_payment_state CHECK ((state = ANY (ARRAY['deferred'::text, 'created'::text, 'pending'::text, 'due'::text, 'authorised'::text, 'captured'::text, 'refunded'::text, 'voided'::text, 'failed'::text]))),
    CONSTRAINT ck_payments_payment_wanted CHECK ((wanted = ANY (ARRAY['paid'::text, 'void'::text])))
);
CREATE TABLE public.payments_refund (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    key text NOT NULL,
    amount_minor bigint NOT NULL,
    reason text NOT NULL,
    state text NOT NULL,
    by_id uuid,
    requested_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    answer text,
    CONSTRAINT ck_payments_refund_amount CHECK ((amount_minor > 0)),
    CONSTRAINT ck_payments_refund_state CHECK ((state = ANY (ARRAY['requested'::text, 'done'::text, 'refused'::text])))
);
CREATE TABLE public.pricing_group (
    code text NOT NULL,
    name jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.pricing_list (
    id uuid NOT NULL,
    code text NOT NULL,
    name jsonb NOT NULL,
    market text NOT NULL,
    currency character(3) NOT NULL,
    customer_group text,
    priority integer DEFAULT 0 NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    was_effective boolean NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT pricing_list_window_forward CHECK ((valid_from < valid_until))
);
CREATE TABLE public.pricing_member (
    party_id uuid NOT NULL,
    group_code text NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.pricing_price (
    variant_id uuid NOT NULL,
    price_list_id uuid NOT NULL,
    min_quantity numeric(14,3) DEFAULT 1 NOT NULL,
    amount numeric(20,6) NOT NULL,
    compare_at numeric(20,6),
    is_overridden boolean DEFAULT false NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT pricing_price_amount_positive CHECK ((amount > (0)::numeric)),
    CONSTRAINT pricing_price_compare_at_positive CHECK ((compare_at > (0)::numeric)),
    CONSTRAINT pricing_price_min_quantity_positive CHECK ((min_quantity > (0)::numeric))
);
CREATE TABLE public.pricing_price_change (
    id bigint NOT NULL,
    variant_id uuid NOT NULL,
    price_list_id uuid NOT NULL,
    min_quantity numeric(14,3) NOT NULL,
    amount_before numeric(20,6),
    amount_after numeric(20,6),
    compare_at_before numeric(20,6),
    compare_at_after numeric(20,6),
    changed_by uuid,
    changed_at timestamp with time zone NOT NULL
);
ALTER TABLE public.pricing_price_change ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.pricing_price_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.pricing_profile (
    id integer NOT NULL,
    market text NOT NULL,
    customer_group text
);
ALTER TABLE public.pricing_profile ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.pricing_profile_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.promotions_gift_set (
    id uuid NOT NULL,
    code text NOT NULL,
    market text NOT NULL,
    name jsonb NOT NULL,
    minimum_minor bigint NOT NULL,
    currency character(3) NOT NULL,
    items jsonb NOT NULL,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    priority integer DEFAULT 0 NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by uuid,
    CONSTRAINT promotions_gift_set_minimum_check CHECK ((minimum_minor >= 0))
);
CREATE TABLE public.receipts_line (
    receipt_id uuid NOT NULL,
    line integer NOT NULL,
    variant_id uuid,
    item text DEFAULT ''::text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    quantity numeric(14,3) NOT NULL,
    amount_minor bigint NOT NULL,
    original_line integer,
    CONSTRAINT receipts_line_amount_check CHECK ((amount_minor >= 0)),
    CONSTRAINT receipts_line_quantity_check CHECK ((quantity > (0)::numeric))
);
CREATE TABLE public.receipts_receipt (
    id uuid NOT NULL,
    source text NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    kind text NOT NULL,
    number text DEFAULT ''::text NOT NULL,
    warehouse_id uuid,
    party_id uuid,
    card text,
    currency character(3) NOT NULL,
    total_minor bigint NOT NULL,
    original_key text,
    original_id uuid,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT receipts_receipt_kind_check CHECK ((kind = ANY (ARRAY['sale'::text, 'return'::text]))),
    CONSTRAINT receipts_receipt_original_check CHECK (((kind = 'return'::text) OR ((original_key IS NULL) AND (original_id IS NULL)))),
    CONSTRAINT receipts_receipt_total_check CHECK ((total_minor >= 0))
);
CREATE TABLE public.retailcrm_arrival (
    number bigint NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    crm_id bigint NOT NULL,
    other_crm_id bigint,
    attempts integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone,
    arrived_at timestamp with time zone NOT NULL,
    CONSTRAINT retailcrm_arrival_kind_check CHECK ((kind = ANY (ARRAY['order'::text, 'customer'::text, 'merge'::text])))
);
CREATE SEQUENCE public.retailcrm_arrival_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.retailcrm_arrival_number OWNED BY public.retailcrm_arrival.number;
CREATE TABLE public.retailcrm_connection (
    id uuid NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    sealed_key bytea NOT NULL,
    is_active boolean DEFAULT false NOT NULL,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    lists jsonb DEFAULT '{}'::jsonb NOT NULL,
    lists_at timestamp with time zone,
    load jsonb DEFAULT '{}'::jsonb NOT NULL,
    order_history_id bigint DEFAULT 0 NOT NULL,
    customer_history_id bigint DEFAULT 0 NOT NULL,
    pulled_at timestamp with time zone,
    sent_at timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    paused_until timestamp with time zone,
    error text,
    error_at timestamp with time zone,
    tokens double precision DEFAULT 0 NOT NULL,
    tokens_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.retailcrm_link (
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    internal_id uuid NOT NULL,
    crm_id bigint NOT NULL,
    owner_id uuid,
    agreed jsonb DEFAULT '{}'::jsonb NOT NULL,
    linked_at timestamp with time zone NOT NULL,
    CONSTRAINT retailcrm_link_kind_check CHECK ((kind = ANY (ARRAY['order'::text, 'customer'::text, 'payment'::text])))
);
CREATE TABLE public.retailcrm_market (
    market text NOT NULL,
    connection_id uuid NOT NULL,
    site text NOT NULL
);
CREATE TABLE public.retailcrm_outgoing (
    number bigint NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    other_id uuid,
    state text DEFAULT 'waiting'::text NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    intent jsonb,
    attempts integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone,
    error text,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT retailcrm_outgoing_kind_check CHECK ((kind = ANY (ARRAY['order'::text, 'customer'::text, 'merge'::text]))),
    CONSTRAINT retailcrm_outgoing_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'refused'::text])))
);
CREATE SEQUENCE public.retailcrm_outgoing_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.retailcrm_outgoing_number OWNED BY public.retailcrm_outgoing.number;
CREATE TABLE public.retailcrm_refusal (
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    crm_id bigint NOT NULL,
    internal_id uuid,
    code text NOT NULL,
    message text NOT NULL,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    attempt integer DEFAULT 1 NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone
);
CREATE TABLE public.retailcrm_stock (
    connection_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    sent jsonb DEFAULT '{}'::jsonb NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    sent_version bigint DEFAULT 0 NOT NULL,
    is_unknown boolean DEFAULT false NOT NULL
);
CREATE TABLE public.rollout_audience (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    members integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_rollout_audience_members CHECK ((members >= 0))
);
CREATE TABLE public.rollout_feature (
    code text NOT NULL,
    version integer NOT NULL,
    rules jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_rollout_feature_version CHECK ((version > 0))
);
CREATE TABLE public.rollout_history (
    feature_code text NOT NULL,
    version integer NOT NULL,
    rules jsonb NOT NULL,
    restored_version integer,
    actor_id uuid,
    actor_name text DEFAULT ''::text NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.rollout_member (
    audience_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    added_at timestamp with time zone NOT NULL
);
CREATE TABLE public.search_attribute (
    attribute_id uuid NOT NULL,
    code text NOT NULL,
    name jsonb NOT NULL,
    kind text NOT NULL,
    is_facet boolean NOT NULL,
    "position" integer NOT NULL
);
CREATE SEQUENCE public.search_tag_id
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.search_category (
    id integer DEFAULT nextval('public.search_tag_id'::regclass) NOT NULL,
    category_id uuid NOT NULL,
    parent_id uuid,
    slug text NOT NULL,
    name jsonb NOT NULL,
    "position" integer NOT NULL,
    is_hidden boolean NOT NULL,
    path integer[] DEFAULT '{}'::integer[] NOT NULL
);
CREATE TABLE public.search_change (
    id bigint NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    product integer NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.search_change ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.search_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.search_clock (
    only_one boolean DEFAULT true NOT NULL,
    looked_at timestamp with time zone NOT NULL,
    CONSTRAINT search_clock_only_one_check CHECK (only_one)
);
CREATE TABLE public.search_code (
    code text NOT NULL,
    product integer NOT NULL
);
CREATE TABLE public.search_entry (
    profile integer NOT NULL,
    product integer NOT NULL,
    price bigint NOT NULL,
    price_max bigint NOT NULL,
    was bigint,
    price_list_id uuid NOT NULL,
    shown_from timestamp with time zone,
    shown_until timestamp with time zone,
    available bigint DEFAULT 0 NOT NULL,
    stock_tags integer[] DEFAULT '{}'::integer[] NOT NULL,
    prices bigint[] NOT NULL,
    was_prices bigint[] NOT NULL,
    stock bigint[] NOT NULL
)
WITH (fillfactor='80');
CREATE TABLE public.search_placement (
    product integer NOT NULL,
    category integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    popularity integer NOT NULL,
    sort_ru text NOT NULL COLLATE pg_catalog."C",
    sort_en text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.search_price (
    profile integer NOT NULL,
    category integer NOT NULL,
    price bigint NOT NULL,
    product integer NOT NULL
);
CREATE TABLE public.search_product (
    id integer NOT NULL,
    product_id uuid NOT NULL,
    slug text DEFAULT ''::text NOT NULL,
    is_listed boolean DEFAULT false NOT NULL,
    shown_from timestamp with time zone,
    shown_until timestamp with time zone,
    created_at timestamp with time zone,
    popularity integer DEFAULT 0 NOT NULL,
    categories integer[] DEFAULT '{}'::integer[] NOT NULL,
    own_tags integer[] DEFAULT '{}'::integer[] NOT NULL,
    tags integer[] DEFAULT '{}'::integer[] NOT NULL,
    variant_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    option_tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    variants bytea[] DEFAULT '{}'::bytea[] NOT NULL,
    words tsvector
);
ALTER TABLE ONLY public.search_product ALTER COLUMN variants SET STORAGE EXTERNAL;
ALTER TABLE public.search_product ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.search_product_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.search_query (
    text text NOT NULL,
    uses integer DEFAULT 1 NOT NULL,
    asked_at timestamp with time zone NOT NULL
);
CREATE TABLE public.search_text (
    product integer NOT NULL,
    language text NOT NULL,
    name text NOT NULL,
    card bytea NOT NULL,
    document bytea NOT NULL
);
ALTER TABLE ONLY public.search_text ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE TABLE public.search_value (
    id integer DEFAULT nextval('public.search_tag_id'::regclass) NOT NULL,
    attribute text NOT NULL,
    value text NOT NULL,
    label jsonb NOT NULL,
    swatch text,
    "position" integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.search_word (
    word text NOT NULL,
    uses integer DEFAULT 1 NOT NULL
);
CREATE TABLE public.stock_binding (
    reservation_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    warehouse_id uuid NOT NULL,
    quantity numeric(14,3) NOT NULL,
    bound_at timestamp with time zone NOT NULL,
    CONSTRAINT stock_binding_quantity_check CHECK ((quantity > (0)::numeric))
);
CREATE TABLE public.stock_channel_link (
    channel text NOT NULL,
    linked text NOT NULL
);
CREATE TABLE public.stock_channel_warehouse (
    channel text NOT NULL,
    warehouse_id uuid NOT NULL
);
CREATE TABLE public.stock_correction (
    id uuid NOT NULL,
    reference text NOT NULL,
    warehouse_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    kind text NOT NULL,
    quantity numeric(14,3) NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    on_hand_against numeric(14,3) NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by uuid,
    ended_at timestamp with time zone,
    ended_why text,
    ended_by uuid,
    CONSTRAINT stock_correction_ended_check CHECK (((ended_at IS NULL) = (ended_why IS NULL))),
    CONSTRAINT stock_correction_kind_check CHECK ((kind = ANY (ARRAY['missing'::text, 'defective'::text]))),
    CONSTRAINT stock_correction_quantity_check CHECK ((quantity > (0)::numeric)),
    CONSTRAINT stock_correction_why_check CHECK ((ended_why = ANY (ARRAY['number'::text, 'named'::text, 'person'::text])))
);
CREATE TABLE public.stock_counter (
    variant_id uuid NOT NULL,
    channel text NOT NULL,
    sellable numeric(14,3) DEFAULT 0 NOT NULL,
    reserved numeric(14,3) DEFAULT 0 NOT NULL,
    CONSTRAINT stock_counter_reserved_check CHECK ((reserved >= (0)::numeric)),
    CONSTRAINT stock_counter_sellable_check CHECK ((sellable >= (0)::numeric))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');
CREATE TABLE public.stock_level (
    variant_id uuid NOT NULL,
    warehouse_id uuid NOT NULL,
    on_hand numeric(14,3) DEFAULT 0 NOT NULL,
    on_hand_was numeric(14,3) DEFAULT 0 NOT NULL,
    safety numeric(14,3) DEFAULT 0 NOT NULL,
    reserved numeric(14,3) DEFAULT 0 NOT NULL,
    as_of timestamp with time zone NOT NULL,
    source text NOT NULL,
    withheld numeric(14,3) DEFAULT 0 NOT NULL,
    watermark bigint,
    CONSTRAINT stock_level_reserved_check CHECK ((reserved >= (0)::numeric)),
    CONSTRAINT stock_level_safety_check CHECK ((safety >= (0)::numeric))
)
WITH (fillfactor='80');
CREATE TABLE public.stock_movement (
    variant_id uuid NOT NULL,
    number bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    warehouse_id uuid,
    channel text,
    reservation_id uuid,
    on_hand_change numeric(14,3) DEFAULT 0 NOT NULL,
    on_hand_after numeric(14,3),
    reserved_change numeric(14,3) DEFAULT 0 NOT NULL,
    quantity numeric(14,3),
    as_of timestamp with time zone,
    source text,
    note text,
    actor_id uuid
);
CREATE SEQUENCE public.stock_movement_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.stock_movement_number OWNED BY public.stock_movement.number;
CREATE TABLE public.stock_reservation (
    id uuid NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    state text NOT NULL,
    channel text NOT NULL,
    warehouse_id uuid,
    owner text NOT NULL,
    order_id uuid,
    expires_at timestamp with time zone NOT NULL,
    made_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    refusal jsonb,
    ordered_at timestamp with time zone,
    CONSTRAINT stock_reservation_ended_check CHECK (((state = ANY (ARRAY['refused'::text, 'contained'::text, 'released'::text])) = (ended_at IS NOT NULL))),
    CONSTRAINT stock_reservation_order_check CHECK (((order_id IS NOT NULL) OR (state <> ALL (ARRAY['ordered'::text, 'sent'::text])))),
    CONSTRAINT stock_reservation_refusal_check CHECK (((state = 'refused'::text) = (refusal IS NOT NULL))),
    CONSTRAINT stock_reservation_state_check CHECK ((state = ANY (ARRAY['refused'::text, 'held'::text, 'ordered'::text, 'sent'::text, 'contained'::text, 'released'::text])))
)
WITH (fillfactor='90');
CREATE TABLE public.stock_reservation_line (
    reservation_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    channel text NOT NULL,
    warehouse_id uuid,
    quantity numeric(14,3) NOT NULL,
    contained numeric(14,3) DEFAULT 0 NOT NULL,
    released numeric(14,3) DEFAULT 0 NOT NULL,
    CONSTRAINT stock_reservation_line_parts_check CHECK (((contained >= (0)::numeric) AND (released >= (0)::numeric) AND ((contained + released) <= quantity))),
    CONSTRAINT stock_reservation_line_quantity_check CHECK ((quantity > (0)::numeric))
);
CREATE TABLE public.stock_sent (
    reservation_id uuid NOT NULL,
    source text NOT NULL,
    "position" bigint,
    received_at timestamp with time zone,
    sent_at timestamp with time zone NOT NULL,
    is_complete boolean DEFAULT false NOT NULL
);
CREATE TABLE public.stock_shipment (
    reservation_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    reference text NOT NULL,
    channel text NOT NULL,
    warehouse_id uuid,
    quantity numeric(14,3) NOT NULL,
    shipped_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    contained_at timestamp with time zone,
    CONSTRAINT stock_shipment_quantity_check CHECK ((quantity > (0)::numeric))
);
CREATE TABLE public.stock_source (
    source text NOT NULL,
    policy text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT stock_source_policy_check CHECK ((policy = ANY (ARRAY['on_shipment'::text, 'on_watermark'::text, 'erp_nets_orders'::text, 'on_any_fresh_stock'::text])))
);
CREATE TABLE public.stock_warehouse (
    id uuid NOT NULL,
    code text NOT NULL,
    name jsonb NOT NULL,
    kind text NOT NULL,
    address text DEFAULT ''::text NOT NULL,
    city text DEFAULT ''::text NOT NULL,
    phone text DEFAULT ''::text NOT NULL,
    hours text DEFAULT ''::text NOT NULL,
    latitude double precision,
    longitude double precision,
    is_active boolean DEFAULT true NOT NULL,
    channels text[] DEFAULT '{}'::text[] NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT stock_warehouse_kind_check CHECK ((kind = ANY (ARRAY['warehouse'::text, 'shop'::text])))
);
CREATE TABLE public.webhook_attempt (
    id bigint NOT NULL,
    message_id uuid NOT NULL,
    began_at timestamp with time zone NOT NULL,
    milliseconds integer,
    status smallint,
    code text DEFAULT ''::text NOT NULL,
    answer text DEFAULT ''::text NOT NULL
);
ALTER TABLE public.webhook_attempt ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.webhook_attempt_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.webhook_endpoint (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    url text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    event_types text[] NOT NULL,
    calls_max smallint NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    failing_since timestamp with time zone,
    delivered_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_webhook_endpoint_calls CHECK (((calls_max >= 1) AND (calls_max <= 16))),
    CONSTRAINT ck_webhook_endpoint_reason CHECK ((reason = ANY (ARRAY[''::text, 'by_hand'::text, 'gone'::text, 'failing'::text]))),
    CONSTRAINT ck_webhook_endpoint_state CHECK (((state = ANY (ARRAY['active'::text, 'disabled'::text, 'removed'::text])) AND ((state = 'disabled'::text) = (reason <> ''::text)))),
    CONSTRAINT ck_webhook_endpoint_types CHECK (((cardinality(event_types) >= 1) AND (cardinality(event_types) <= 50)))
);
CREATE TABLE public.webhook_message (
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    key text,
    type text NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL,
    failures smallint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    next_at timestamp with time zone,
    calling_since timestamp with time zone,
    ended_at timestamp with time zone,
    code text DEFAULT ''::text NOT NULL,
    CONSTRAINT ck_webhook_message_state CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'dead'::text, 'cancelled'::text]))),
    CONSTRAINT ck_webhook_message_waiting CHECK ((((state = 'waiting'::text) = (next_at IS NOT NULL)) AND ((state = 'waiting'::text) = (ended_at IS NULL))))
);
CREATE TABLE public.webhook_owner (
    owner_id uuid NOT NULL,
    endpoints integer NOT NULL,
    CONSTRAINT ck_webhook_owner_endpoints CHECK ((endpoints >= 0))
);
CREATE TABLE public.webhook_secret (
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    kind text NOT NULL,
    sealed bytea NOT NULL,
    public_key text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    CONSTRAINT ck_webhook_secret_kind CHECK ((kind = ANY (ARRAY['hmac'::text, 'ed25519'::text])))
);
ALTER TABLE ONLY jobs.procrastinate_events ALTER COLUMN id SET DEFAULT nextval('jobs.procrastinate_events_id_seq'::regclass);
ALTER TABLE ONLY jobs.procrastinate_jobs ALTER COLUMN id SET DEFAULT nextval('jobs.procrastinate_jobs_id_seq'::regclass);
ALTER TABLE ONLY jobs.procrastinate_periodic_defers ALTER COLUMN id SET DEFAULT nextval('jobs.procrastinate_periodic_defers_id_seq'::regclass);
ALTER TABLE ONLY public.erp_log ALTER COLUMN number SET DEFAULT nextval('public.erp_log_number'::regclass);
ALTER TABLE ONLY public.retailcrm_arrival ALTER COLUMN number SET DEFAULT nextval('public.retailcrm_arrival_number'::regclass);
ALTER TABLE ONLY public.retailcrm_outgoing ALTER COLUMN number SET DEFAULT nextval('public.retailcrm_outgoing_number'::regclass);
ALTER TABLE ONLY public.stock_movement ALTER COLUMN number SET DEFAULT nextval('public.stock_movement_number'::regclass);
ALTER TABLE ONLY jobs.job_error
    ADD CONSTRAINT pk_job_error PRIMARY KEY (job_id);
ALTER TABLE ONLY jobs.procrastinate_events
    ADD CONSTRAINT procrastinate_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY jobs.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY jobs.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY jobs.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_unique UNIQUE (task_name, periodic_id, defer_timestamp);
ALTER TABLE ONLY jobs.procrastinate_workers
    ADD CONSTRAINT procrastinate_workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_api_key
    ADD CONSTRAINT account_api_key_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_api_key
    ADD CONSTRAINT account_api_key_public_once UNIQUE (public_id);
ALTER TABLE ONLY public.account_attempt
    ADD CONSTRAINT account_attempt_pk PRIMARY KEY (scope, began_at);
ALTER TABLE ONLY public.account_audit
    ADD CONSTRAINT account_audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_oauth_assertion
    ADD CONSTRAINT account_oauth_assertion_once PRIMARY KEY (client_id, jti_hash);
ALTER TABLE ONLY public.account_oauth_client
    ADD CONSTRAINT account_oauth_client_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_oauth_client
    ADD CONSTRAINT account_oauth_client_public_once UNIQUE (public_id);
ALTER TABLE ONLY public.account_oauth_ended
    ADD CONSTRAINT account_oauth_ended_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_oauth_key
    ADD CONSTRAINT account_oauth_key_once UNIQUE (client_id, kid);
ALTER TABLE ONLY public.account_oauth_key
    ADD CONSTRAINT account_oauth_key_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_oauth_secret
    ADD CONSTRAINT account_oauth_secret_once UNIQUE (client_id, secret_hash);
ALTER TABLE ONLY public.account_oauth_secret
    ADD CONSTRAINT account_oauth_secret_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_recovery_code
    ADD CONSTRAINT account_recovery_code_pk PRIMARY KEY (user_id, code_hash);
ALTER TABLE ONLY public.account_role
    ADD CONSTRAINT account_role_code_once UNIQUE (code);
ALTER TABLE ONLY public.account_role
    ADD CONSTRAINT account_role_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_session
    ADD CONSTRAINT account_session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_session
    ADD CONSTRAINT account_session_token_once UNIQUE (token_hash);
ALTER TABLE ONLY public.account_token
    ADD CONSTRAINT account_token_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.account_user
    ADD CONSTRAINT account_user_email_once UNIQUE (email, kind);
ALTER TABLE ONLY public.account_user
    ADD CONSTRAINT account_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_user_role
    ADD CONSTRAINT account_user_role_pk PRIMARY KEY (user_id, role_id);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.catalog_attribute_choice
    ADD CONSTRAINT catalog_attribute_choice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.catalog_attribute
    ADD CONSTRAINT catalog_attribute_code_unique UNIQUE (code);
ALTER TABLE ONLY public.catalog_attribute
    ADD CONSTRAINT catalog_attribute_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.catalog_category
    ADD CONSTRAINT catalog_category_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.catalog_category
    ADD CONSTRAINT catalog_category_slug_unique UNIQUE (slug);
ALTER TABLE ONLY public.catalog_marketplace_mark
    ADD CONSTRAINT catalog_marketplace_mark_pkey PRIMARY KEY (variant_id, marketplace);
ALTER TABLE ONLY public.catalog_product
    ADD CONSTRAINT catalog_product_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.catalog_product
    ADD CONSTRAINT catalog_product_slug_unique UNIQUE (slug);
ALTER TABLE ONLY public.catalog_slug
    ADD CONSTRAINT catalog_slug_pkey PRIMARY KEY (kind, slug);
ALTER TABLE ONLY public.catalog_variant
    ADD CONSTRAINT catalog_variant_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.checkout_basket
    ADD CONSTRAINT checkout_basket_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.drops_drop
    ADD CONSTRAINT drops_drop_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.drops_line
    ADD CONSTRAINT drops_line_pkey PRIMARY KEY (drop_id);
ALTER TABLE ONLY public.drops_ticket
    ADD CONSTRAINT drops_ticket_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.erp_api_key
    ADD CONSTRAINT erp_api_key_pkey PRIMARY KEY (key_id);
ALTER TABLE ONLY public.erp_batch
    ADD CONSTRAINT erp_batch_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.erp_chunk
    ADD CONSTRAINT erp_chunk_pkey PRIMARY KEY (file_id, number);
ALTER TABLE ONLY public.erp_connection
    ADD CONSTRAINT erp_connection_code_key UNIQUE (code);
ALTER TABLE ONLY public.erp_connection
    ADD CONSTRAINT erp_connection_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.erp_deferred
    ADD CONSTRAINT erp_deferred_pkey PRIMARY KEY (connection_id, waits_for, external_id, aspects);
ALTER TABLE ONLY public.erp_exchange
    ADD CONSTRAINT erp_exchange_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.erp_exchange
    ADD CONSTRAINT erp_exchange_token_key UNIQUE (token_digest);
ALTER TABLE ONLY public.erp_file
    ADD CONSTRAINT erp_file_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.erp_log
    ADD CONSTRAINT erp_log_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.erp_message
    ADD CONSTRAINT erp_message_number_key UNIQUE (connection_id, number);
ALTER TABLE ONLY public.erp_message
    ADD CONSTRAINT erp_message_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.erp_order_delivery
    ADD CONSTRAINT erp_order_delivery_pkey PRIMARY KEY (connection_id, order_id);
ALTER TABLE ONLY public.erp_outgoing_contract
    ADD CONSTRAINT erp_outgoing_contract_pkey PRIMARY KEY (connection_id, version);
ALTER TABLE ONLY public.erp_outgoing_health
    ADD CONSTRAINT erp_outgoing_health_pkey PRIMARY KEY (connection_id);
ALTER TABLE ONLY public.erp_outgoing
    ADD CONSTRAINT erp_outgoing_pkey PRIMARY KEY (connection_id);
ALTER TABLE ONLY public.erp_owned_warehouse
    ADD CONSTRAINT erp_owned_warehouse_pkey PRIMARY KEY (warehouse_id);
ALTER TABLE ONLY public.erp_part_set
    ADD CONSTRAINT erp_part_set_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.erp_received
    ADD CONSTRAINT erp_received_pkey PRIMARY KEY (connection_id, kind, key);
ALTER TABLE ONLY public.erp_reference
    ADD CONSTRAINT erp_reference_pkey PRIMARY KEY (connection_id, kind, external_id);
ALTER TABLE ONLY public.erp_removal
    ADD CONSTRAINT erp_removal_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.erp_waiting
    ADD CONSTRAINT erp_waiting_pkey PRIMARY KEY (connection_id, kind, key, sequence);
ALTER TABLE ONLY public.loyalty_offer_version
    ADD CONSTRAINT ex_loyalty_offer_version_in_force EXCLUDE USING gist (offer_id WITH =, tstzrange(in_force_from, in_force_until) WITH &&);
ALTER TABLE ONLY public.loyalty_rule
    ADD CONSTRAINT ex_loyalty_rule_in_force EXCLUDE USING gist (id WITH =, tstzrange(in_force_from, in_force_until) WITH &&);
ALTER TABLE ONLY public.idempotency_key
    ADD CONSTRAINT idempotency_key_pk PRIMARY KEY (scope, key);
ALTER TABLE ONLY public.loyalty_app_handover
    ADD CONSTRAINT loyalty_app_handover_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.loyalty_app_session
    ADD CONSTRAINT loyalty_app_session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_budget
    ADD CONSTRAINT loyalty_budget_pkey PRIMARY KEY (campaign_id);
ALTER TABLE ONLY public.loyalty_correction
    ADD CONSTRAINT loyalty_correction_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_dispute_comment
    ADD CONSTRAINT loyalty_dispute_comment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_dispute
    ADD CONSTRAINT loyalty_dispute_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_feed_call
    ADD CONSTRAINT loyalty_feed_call_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_feed
    ADD CONSTRAINT loyalty_feed_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_feed_run
    ADD CONSTRAINT loyalty_feed_run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_guard_alert
    ADD CONSTRAINT loyalty_guard_alert_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_guard_challenge
    ADD CONSTRAINT loyalty_guard_challenge_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_guard_rules
    ADD CONSTRAINT loyalty_guard_rules_pkey PRIMARY KEY (programme_id);
ALTER TABLE ONLY public.loyalty_move
    ADD CONSTRAINT loyalty_move_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_offer_comparison
    ADD CONSTRAINT loyalty_offer_comparison_pkey PRIMARY KEY (offer_id);
ALTER TABLE ONLY public.loyalty_offer
    ADD CONSTRAINT loyalty_offer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_partner
    ADD CONSTRAINT loyalty_partner_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_point_block
    ADD CONSTRAINT loyalty_point_block_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_programme
    ADD CONSTRAINT loyalty_programme_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_reward_code
    ADD CONSTRAINT loyalty_reward_code_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_reward
    ADD CONSTRAINT loyalty_reward_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_route
    ADD CONSTRAINT loyalty_route_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.loyalty_rulebook
    ADD CONSTRAINT loyalty_rulebook_pkey PRIMARY KEY (only_one);
ALTER TABLE ONLY public.loyalty_settlement_alert
    ADD CONSTRAINT loyalty_settlement_alert_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_settlement_rule
    ADD CONSTRAINT loyalty_settlement_rule_pkey PRIMARY KEY (programme_id);
ALTER TABLE ONLY public.loyalty_statement_payment
    ADD CONSTRAINT loyalty_statement_payment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_statement
    ADD CONSTRAINT loyalty_statement_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.markets_market
    ADD CONSTRAINT markets_market_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.notifications_campaign
    ADD CONSTRAINT notifications_campaign_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notifications_delivery
    ADD CONSTRAINT notifications_delivery_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notifications_device
    ADD CONSTRAINT notifications_device_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notifications_key
    ADD CONSTRAINT notifications_key_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.notifications_message
    ADD CONSTRAINT notifications_message_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notifications_person
    ADD CONSTRAINT notifications_person_pkey PRIMARY KEY (member_id);
ALTER TABLE ONLY public.notifications_policy
    ADD CONSTRAINT notifications_policy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notifications_segment
    ADD CONSTRAINT notifications_segment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notifications_template
    ADD CONSTRAINT notifications_template_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.orders_order
    ADD CONSTRAINT orders_order_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.parties_address
    ADD CONSTRAINT parties_address_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.parties_conflict
    ADD CONSTRAINT parties_conflict_pkey PRIMARY KEY (first_id, second_id);
ALTER TABLE ONLY public.parties_consent
    ADD CONSTRAINT parties_consent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.parties_identifier
    ADD CONSTRAINT parties_identifier_pkey PRIMARY KEY (kind, system, key);
ALTER TABLE ONLY public.parties_merge
    ADD CONSTRAINT parties_merge_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.parties_party
    ADD CONSTRAINT parties_party_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.parties_role
    ADD CONSTRAINT parties_role_pkey PRIMARY KEY (person_id, organisation_id, role);
ALTER TABLE ONLY public.payments_payment
    ADD CONSTRAINT payments_payment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.payments_refund
    ADD CONSTRAINT payments_refund_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.checkout_delivery_method
    ADD CONSTRAINT pk_checkout_delivery_method PRIMARY KEY (market, code);
ALTER TABLE ONLY public.checkout_line
    ADD CONSTRAINT pk_checkout_line PRIMARY KEY (basket_id, variant_id);
ALTER TABLE ONLY public.drops_claim
    ADD CONSTRAINT pk_drops_claim PRIMARY KEY (order_id, drop_id, product_id);
ALTER TABLE ONLY public.drops_product
    ADD CONSTRAINT pk_drops_product PRIMARY KEY (drop_id, product_id);
ALTER TABLE ONLY public.drops_taken
    ADD CONSTRAINT pk_drops_taken PRIMARY KEY (drop_id, person, item);
ALTER TABLE ONLY public.fulfilment_case
    ADD CONSTRAINT pk_fulfilment_case PRIMARY KEY (order_id);
ALTER TABLE ONLY public.fulfilment_decision
    ADD CONSTRAINT pk_fulfilment_decision PRIMARY KEY (order_id, number);
ALTER TABLE ONLY public.fulfilment_event
    ADD CONSTRAINT pk_fulfilment_event PRIMARY KEY (order_id, number);
ALTER TABLE ONLY public.fulfilment_notice
    ADD CONSTRAINT pk_fulfilment_notice PRIMARY KEY (question_id);
ALTER TABLE ONLY public.fulfilment_part
    ADD CONSTRAINT pk_fulfilment_part PRIMARY KEY (id);
ALTER TABLE ONLY public.fulfilment_policy
    ADD CONSTRAINT pk_fulfilment_policy PRIMARY KEY (market);
ALTER TABLE ONLY public.fulfilment_question
    ADD CONSTRAINT pk_fulfilment_question PRIMARY KEY (id);
ALTER TABLE ONLY public.fulfilment_rule
    ADD CONSTRAINT pk_fulfilment_rule PRIMARY KEY (id);
ALTER TABLE ONLY public.fulfilment_shop
    ADD CONSTRAINT pk_fulfilment_shop PRIMARY KEY (warehouse_id);
ALTER TABLE ONLY public.ledger_account
    ADD CONSTRAINT pk_ledger_account PRIMARY KEY (bucket, id);
ALTER TABLE ONLY public.ledger_batch
    ADD CONSTRAINT pk_ledger_batch PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_chain
    ADD CONSTRAINT pk_ledger_chain PRIMARY KEY (only_row);
ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT pk_ledger_entry PRIMARY KEY (bucket, account_id, version);
ALTER TABLE ONLY public.ledger_hold
    ADD CONSTRAINT pk_ledger_hold PRIMARY KEY (bucket, id);
ALTER TABLE ONLY public.ledger_period
    ADD CONSTRAINT pk_ledger_period PRIMARY KEY (ledger, begins_at);
ALTER TABLE ONLY public.ledger_posting
    ADD CONSTRAINT pk_ledger_posting PRIMARY KEY (bucket, id);
ALTER TABLE ONLY public.ledger_rolled
    ADD CONSTRAINT pk_ledger_rolled PRIMARY KEY (ledger, account);
ALTER TABLE ONLY public.ledger_transfer
    ADD CONSTRAINT pk_ledger_transfer PRIMARY KEY (bucket, posting_id, line);
ALTER TABLE ONLY public.loyalty_action
    ADD CONSTRAINT pk_loyalty_action PRIMARY KEY (owner_id, key);
ALTER TABLE ONLY public.loyalty_active
    ADD CONSTRAINT pk_loyalty_active PRIMARY KEY (bucket, programme_id, member_id, month);
ALTER TABLE ONLY public.loyalty_budget_lease
    ADD CONSTRAINT pk_loyalty_budget_lease PRIMARY KEY (slot, campaign_id);
ALTER TABLE ONLY public.loyalty_card
    ADD CONSTRAINT pk_loyalty_card PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_closing
    ADD CONSTRAINT pk_loyalty_closing PRIMARY KEY (programme_id, begins_at);
ALTER TABLE ONLY public.loyalty_code_shown
    ADD CONSTRAINT pk_loyalty_code_shown PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_cohort
    ADD CONSTRAINT pk_loyalty_cohort PRIMARY KEY (programme_id, cohort, month);
ALTER TABLE ONLY public.loyalty_completion
    ADD CONSTRAINT pk_loyalty_completion PRIMARY KEY (bucket, programme_id, member_id, offer_id, key);
ALTER TABLE ONLY public.loyalty_daily
    ADD CONSTRAINT pk_loyalty_daily PRIMARY KEY (programme_id, day, partner_id, kind);
ALTER TABLE ONLY public.loyalty_deed
    ADD CONSTRAINT pk_loyalty_deed PRIMARY KEY (bucket, programme_id, member_id, offer_id, key);
ALTER TABLE ONLY public.loyalty_feed_clearing
    ADD CONSTRAINT pk_loyalty_feed_clearing PRIMARY KEY (feed_id, item_id, ordinal);
ALTER TABLE ONLY public.loyalty_feed_item
    ADD CONSTRAINT pk_loyalty_feed_item PRIMARY KEY (feed_id, id);
ALTER TABLE ONLY public.loyalty_feed_mapping
    ADD CONSTRAINT pk_loyalty_feed_mapping PRIMARY KEY (feed_id, version);
ALTER TABLE ONLY public.loyalty_feed_order
    ADD CONSTRAINT pk_loyalty_feed_order PRIMARY KEY (partner_id, receipt);
ALTER TABLE ONLY public.loyalty_guard_count
    ADD CONSTRAINT pk_loyalty_guard_count PRIMARY KEY (bucket, key, slot_seconds, slot);
ALTER TABLE ONLY public.loyalty_guard_device
    ADD CONSTRAINT pk_loyalty_guard_device PRIMARY KEY (bucket, member_id, device);
ALTER TABLE ONLY public.loyalty_guard_member
    ADD CONSTRAINT pk_loyalty_guard_member PRIMARY KEY (bucket, member_id, programme_id);
ALTER TABLE ONLY public.loyalty_lot
    ADD CONSTRAINT pk_loyalty_lot PRIMARY KEY (bucket, id);
ALTER TABLE ONLY public.loyalty_member
    ADD CONSTRAINT pk_loyalty_member PRIMARY KEY (bucket, id);
ALTER TABLE ONLY public.loyalty_member_merge
    ADD CONSTRAINT pk_loyalty_member_merge PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_membership
    ADD CONSTRAINT pk_loyalty_membership PRIMARY KEY (bucket, member_id, programme_id);
ALTER TABLE ONLY public.loyalty_offer_day
    ADD CONSTRAINT pk_loyalty_offer_day PRIMARY KEY (offer_id, day, slot);
ALTER TABLE ONLY public.loyalty_offer_shown
    ADD CONSTRAINT pk_loyalty_offer_shown PRIMARY KEY (day, offer_id, member_id);
ALTER TABLE ONLY public.loyalty_offer_taken
    ADD CONSTRAINT pk_loyalty_offer_taken PRIMARY KEY (offer_id, day);
ALTER TABLE ONLY public.loyalty_offer_version
    ADD CONSTRAINT pk_loyalty_offer_version PRIMARY KEY (offer_id, version);
ALTER TABLE ONLY public.loyalty_participation
    ADD CONSTRAINT pk_loyalty_participation PRIMARY KEY (programme_id, partner_id);
ALTER TABLE ONLY public.loyalty_prepayment
    ADD CONSTRAINT pk_loyalty_prepayment PRIMARY KEY (programme_id, partner_id);
ALTER TABLE ONLY public.loyalty_receipt
    ADD CONSTRAINT pk_loyalty_receipt PRIMARY KEY (partner_id, receipt);
ALTER TABLE ONLY public.loyalty_reference
    ADD CONSTRAINT pk_loyalty_reference PRIMARY KEY (value, kind, scope);
ALTER TABLE ONLY public.loyalty_reference_past
    ADD CONSTRAINT pk_loyalty_reference_past PRIMARY KEY (bucket, member_id, id);
ALTER TABLE ONLY public.loyalty_reward_order
    ADD CONSTRAINT pk_loyalty_reward_order PRIMARY KEY (bucket, id);
ALTER TABLE ONLY public.loyalty_rule
    ADD CONSTRAINT pk_loyalty_rule PRIMARY KEY (id, version);
ALTER TABLE ONLY public.loyalty_sign_in
    ADD CONSTRAINT pk_loyalty_sign_in PRIMARY KEY (id);
ALTER TABLE ONLY public.loyalty_standing
    ADD CONSTRAINT pk_loyalty_standing PRIMARY KEY (bucket, programme_id, member_id);
ALTER TABLE ONLY public.loyalty_switch
    ADD CONSTRAINT pk_loyalty_switch PRIMARY KEY (bucket, programme_id, member_id, offer_id, at);
ALTER TABLE ONLY public.loyalty_terms_version
    ADD CONSTRAINT pk_loyalty_terms_version PRIMARY KEY (programme_id, partner_id, from_at);
ALTER TABLE ONLY public.loyalty_unclaimed
    ADD CONSTRAINT pk_loyalty_unclaimed PRIMARY KEY (partner_id, receipt);
ALTER TABLE ONLY public.loyalty_use
    ADD CONSTRAINT pk_loyalty_use PRIMARY KEY (bucket, programme_id, member_id, offer_id, key);
ALTER TABLE ONLY public.notifications_preference
    ADD CONSTRAINT pk_notifications_preference PRIMARY KEY (member_id, kind, channel);
ALTER TABLE ONLY public.notifications_recipient
    ADD CONSTRAINT pk_notifications_recipient PRIMARY KEY (campaign_id, member_id);
ALTER TABLE ONLY public.notifications_status
    ADD CONSTRAINT pk_notifications_status PRIMARY KEY (request_id, status);
ALTER TABLE ONLY public.orders_history
    ADD CONSTRAINT pk_orders_history PRIMARY KEY (order_id, "position");
ALTER TABLE ONLY public.orders_line
    ADD CONSTRAINT pk_orders_line PRIMARY KEY (order_id, "position");
ALTER TABLE ONLY public.orders_shipment
    ADD CONSTRAINT pk_orders_shipment PRIMARY KEY (order_id, number);
ALTER TABLE ONLY public.outbox_cursor
    ADD CONSTRAINT pk_outbox_cursor PRIMARY KEY (subscription, stream, partition);
ALTER TABLE ONLY public.outbox_event
    ADD CONSTRAINT pk_outbox_event PRIMARY KEY (serial);
ALTER TABLE ONLY public.outbox_inbox
    ADD CONSTRAINT pk_outbox_inbox PRIMARY KEY (subscription, event_id);
ALTER TABLE ONLY public.outbox_sequence
    ADD CONSTRAINT pk_outbox_sequence PRIMARY KEY (only_row);
ALTER TABLE ONLY public.outbox_stuck
    ADD CONSTRAINT pk_outbox_stuck PRIMARY KEY (subscription, key);
ALTER TABLE ONLY public.outbox_waiting
    ADD CONSTRAINT pk_outbox_waiting PRIMARY KEY (subscription, key, stream, "position");
ALTER TABLE ONLY public.payments_attempt
    ADD CONSTRAINT pk_payments_attempt PRIMARY KEY (key);
ALTER TABLE ONLY public.payments_history
    ADD CONSTRAINT pk_payments_history PRIMARY KEY (payment_id, "position");
ALTER TABLE ONLY public.payments_method
    ADD CONSTRAINT pk_payments_method PRIMARY KEY (market, code);
ALTER TABLE ONLY public.payments_notice
    ADD CONSTRAINT pk_payments_notice PRIMARY KEY (provider, notice_id);
ALTER TABLE ONLY public.rollout_history
    ADD CONSTRAINT pk_rollout_history PRIMARY KEY (feature_code, version);
ALTER TABLE ONLY public.rollout_member
    ADD CONSTRAINT pk_rollout_member PRIMARY KEY (audience_id, subject_id);
ALTER TABLE ONLY public.pricing_group
    ADD CONSTRAINT pricing_group_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.pricing_list
    ADD CONSTRAINT pricing_list_code_unique UNIQUE (code);
ALTER TABLE ONLY public.pricing_list
    ADD CONSTRAINT pricing_list_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.pricing_member
    ADD CONSTRAINT pricing_member_pkey PRIMARY KEY (party_id);
ALTER TABLE ONLY public.pricing_price_change
    ADD CONSTRAINT pricing_price_change_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.pricing_price
    ADD CONSTRAINT pricing_price_pkey PRIMARY KEY (variant_id, price_list_id, min_quantity);
ALTER TABLE ONLY public.pricing_profile
    ADD CONSTRAINT pricing_profile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.pricing_profile
    ADD CONSTRAINT pricing_profile_unique UNIQUE NULLS NOT DISTINCT (market, customer_group);
ALTER TABLE ONLY public.promotions_gift_set
    ADD CONSTRAINT promotions_gift_set_code_key UNIQUE (code);
ALTER TABLE ONLY public.promotions_gift_set
    ADD CONSTRAINT promotions_gift_set_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.receipts_line
    ADD CONSTRAINT receipts_line_pkey PRIMARY KEY (receipt_id, line);
ALTER TABLE ONLY public.receipts_receipt
    ADD CONSTRAINT receipts_receipt_key UNIQUE (source, key);
ALTER TABLE ONLY public.receipts_receipt
    ADD CONSTRAINT receipts_receipt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.retailcrm_arrival
    ADD CONSTRAINT retailcrm_arrival_pkey PRIMARY KEY (connection_id, kind, crm_id);
ALTER TABLE ONLY public.retailcrm_connection
    ADD CONSTRAINT retailcrm_connection_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.retailcrm_link
    ADD CONSTRAINT retailcrm_link_pkey PRIMARY KEY (connection_id, kind, internal_id);
ALTER TABLE ONLY public.retailcrm_market
    ADD CONSTRAINT retailcrm_market_pkey PRIMARY KEY (market);
ALTER TABLE ONLY public.retailcrm_outgoing
    ADD CONSTRAINT retailcrm_outgoing_pkey PRIMARY KEY (connection_id, kind, subject_id);
ALTER TABLE ONLY public.retailcrm_refusal
    ADD CONSTRAINT retailcrm_refusal_key UNIQUE (connection_id, kind, crm_id, code);
ALTER TABLE ONLY public.retailcrm_refusal
    ADD CONSTRAINT retailcrm_refusal_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.retailcrm_stock
    ADD CONSTRAINT retailcrm_stock_pkey PRIMARY KEY (connection_id, variant_id);
ALTER TABLE ONLY public.rollout_audience
    ADD CONSTRAINT rollout_audience_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rollout_feature
    ADD CONSTRAINT rollout_feature_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.search_attribute
    ADD CONSTRAINT search_attribute_pkey PRIMARY KEY (attribute_id);
ALTER TABLE ONLY public.search_category
    ADD CONSTRAINT search_category_category_unique UNIQUE (category_id);
ALTER TABLE ONLY public.search_category
    ADD CONSTRAINT search_category_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.search_change
    ADD CONSTRAINT search_change_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.search_clock
    ADD CONSTRAINT search_clock_pkey PRIMARY KEY (only_one);
ALTER TABLE ONLY public.search_code
    ADD CONSTRAINT search_code_pkey PRIMARY KEY (code, product);
ALTER TABLE ONLY public.search_entry
    ADD CONSTRAINT search_entry_pkey PRIMARY KEY (profile, product);
ALTER TABLE ONLY public.search_placement
    ADD CONSTRAINT search_placement_pkey PRIMARY KEY (product, category);
ALTER TABLE ONLY public.search_price
    ADD CONSTRAINT search_price_pkey PRIMARY KEY (profile, category, price, product);
ALTER TABLE ONLY public.search_product
    ADD CONSTRAINT search_product_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.search_product
    ADD CONSTRAINT search_product_product_unique UNIQUE (product_id);
ALTER TABLE ONLY public.search_query
    ADD CONSTRAINT search_query_pkey PRIMARY KEY (text);
ALTER TABLE ONLY public.search_text
    ADD CONSTRAINT search_text_pkey PRIMARY KEY (product, language);
ALTER TABLE ONLY public.search_value
    ADD CONSTRAINT search_value_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.search_value
    ADD CONSTRAINT search_value_unique UNIQUE (attribute, value);
ALTER TABLE ONLY public.search_word
    ADD CONSTRAINT search_word_pkey PRIMARY KEY (word);
ALTER TABLE ONLY public.stock_binding
    ADD CONSTRAINT stock_binding_pkey PRIMARY KEY (reservation_id, variant_id, warehouse_id);
ALTER TABLE ONLY public.stock_channel_link
    ADD CONSTRAINT stock_channel_link_pkey PRIMARY KEY (channel, linked);
ALTER TABLE ONLY public.stock_channel_warehouse
    ADD CONSTRAINT stock_channel_warehouse_pkey PRIMARY KEY (channel, warehouse_id);
ALTER TABLE ONLY public.stock_correction
    ADD CONSTRAINT stock_correction_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.stock_correction
    ADD CONSTRAINT stock_correction_reference_key UNIQUE (reference);
ALTER TABLE ONLY public.stock_counter
    ADD CONSTRAINT stock_counter_pkey PRIMARY KEY (variant_id, channel);
ALTER TABLE ONLY public.stock_level
    ADD CONSTRAINT stock_level_pkey PRIMARY KEY (variant_id, warehouse_id);
ALTER TABLE public.stock_level
    ADD CONSTRAINT stock_level_withheld_check CHECK ((withheld >= (0)::numeric)) NOT VALID;
ALTER TABLE public.stock_movement
    ADD CONSTRAINT stock_movement_kind_check CHECK ((kind = ANY (ARRAY['level'::text, 'missing'::text, 'safety'::text, 'held'::text, 'ordered'::text, 'sent'::text, 'shipped'::text, 'contained'::text, 'released'::text, 'expired'::text, 'bound'::text, 'unbound'::text, 'corrected'::text, 'correction_ended'::text, 'repaired'::text]))) NOT VALID;
ALTER TABLE ONLY public.stock_movement
    ADD CONSTRAINT stock_movement_pkey PRIMARY KEY (variant_id, number);
ALTER TABLE ONLY public.stock_reservation
    ADD CONSTRAINT stock_reservation_key_key UNIQUE (key);
ALTER TABLE ONLY public.stock_reservation_line
    ADD CONSTRAINT stock_reservation_line_pkey PRIMARY KEY (reservation_id, variant_id);
ALTER TABLE ONLY public.stock_reservation
    ADD CONSTRAINT stock_reservation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.stock_sent
    ADD CONSTRAINT stock_sent_pkey PRIMARY KEY (reservation_id, source);
ALTER TABLE ONLY public.stock_shipment
    ADD CONSTRAINT stock_shipment_pkey PRIMARY KEY (reservation_id, variant_id, reference);
ALTER TABLE ONLY public.stock_source
    ADD CONSTRAINT stock_source_pkey PRIMARY KEY (source);
ALTER TABLE ONLY public.stock_warehouse
    ADD CONSTRAINT stock_warehouse_code_key UNIQUE (code);
ALTER TABLE ONLY public.stock_warehouse
    ADD CONSTRAINT stock_warehouse_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.checkout_basket
    ADD CONSTRAINT uq_checkout_basket_party UNIQUE (party_id, market);
ALTER TABLE ONLY public.checkout_basket
    ADD CONSTRAINT uq_checkout_basket_session UNIQUE (session_id, market);
ALTER TABLE ONLY public.drops_drop
    ADD CONSTRAINT uq_drops_drop_code UNIQUE (code);
ALTER TABLE ONLY public.drops_ticket
    ADD CONSTRAINT uq_drops_ticket_session UNIQUE (drop_id, session);
ALTER TABLE ONLY public.ledger_batch
    ADD CONSTRAINT uq_ledger_batch_number UNIQUE (number);
ALTER TABLE ONLY public.ledger_hold
    ADD CONSTRAINT uq_ledger_hold_key UNIQUE (owner, key);
ALTER TABLE ONLY public.ledger_posting
    ADD CONSTRAINT uq_ledger_posting_key UNIQUE (owner, key);
ALTER TABLE ONLY public.loyalty_app_session
    ADD CONSTRAINT uq_loyalty_app_session_token UNIQUE (token_hash);
ALTER TABLE ONLY public.loyalty_card
    ADD CONSTRAINT uq_loyalty_card_value UNIQUE (value);
ALTER TABLE ONLY public.loyalty_feed_call
    ADD CONSTRAINT uq_loyalty_feed_call_item UNIQUE (feed_id, item_id, ordinal);
ALTER TABLE ONLY public.loyalty_feed
    ADD CONSTRAINT uq_loyalty_feed_code UNIQUE (code);
ALTER TABLE ONLY public.loyalty_feed_run
    ADD CONSTRAINT uq_loyalty_feed_run_source UNIQUE (feed_id, source);
ALTER TABLE ONLY public.loyalty_guard_challenge
    ADD CONSTRAINT uq_loyalty_guard_challenge_token UNIQUE (token);
ALTER TABLE ONLY public.loyalty_membership
    ADD CONSTRAINT uq_loyalty_membership_account UNIQUE (account_id);
ALTER TABLE ONLY public.loyalty_offer
    ADD CONSTRAINT uq_loyalty_offer_code UNIQUE (partner_id, code);
ALTER TABLE ONLY public.loyalty_partner
    ADD CONSTRAINT uq_loyalty_partner_code UNIQUE (code);
ALTER TABLE ONLY public.loyalty_partner
    ADD CONSTRAINT uq_loyalty_partner_number UNIQUE (number);
ALTER TABLE ONLY public.loyalty_point_block
    ADD CONSTRAINT uq_loyalty_point_block_invoice UNIQUE (programme_id, partner_id, invoice);
ALTER TABLE ONLY public.loyalty_point_block
    ADD CONSTRAINT uq_loyalty_point_block_number UNIQUE (programme_id, partner_id, number);
ALTER TABLE ONLY public.loyalty_programme
    ADD CONSTRAINT uq_loyalty_programme_code UNIQUE (code);
ALTER TABLE ONLY public.loyalty_programme
    ADD CONSTRAINT uq_loyalty_programme_number UNIQUE (number);
ALTER TABLE ONLY public.loyalty_reward
    ADD CONSTRAINT uq_loyalty_reward_code UNIQUE (programme_id, code);
ALTER TABLE ONLY public.loyalty_reward_code
    ADD CONSTRAINT uq_loyalty_reward_code_digest UNIQUE (reward_id, digest);
ALTER TABLE ONLY public.loyalty_reward_code
    ADD CONSTRAINT uq_loyalty_reward_code_order UNIQUE (order_id);
ALTER TABLE ONLY public.loyalty_statement_payment
    ADD CONSTRAINT uq_loyalty_statement_payment_reference UNIQUE (statement_id, reference);
ALTER TABLE ONLY public.loyalty_statement
    ADD CONSTRAINT uq_loyalty_statement_period UNIQUE (programme_id, partner_id, begins_at);
ALTER TABLE ONLY public.notifications_delivery
    ADD CONSTRAINT uq_notifications_delivery_device UNIQUE (message_id, device_id);
ALTER TABLE ONLY public.notifications_device
    ADD CONSTRAINT uq_notifications_device_address UNIQUE (channel, address_digest);
ALTER TABLE ONLY public.notifications_message
    ADD CONSTRAINT uq_notifications_message_dedup UNIQUE (dedup_key);
ALTER TABLE ONLY public.orders_order
    ADD CONSTRAINT uq_orders_order_number UNIQUE (number);
ALTER TABLE ONLY public.orders_order
    ADD CONSTRAINT uq_orders_order_placing_key UNIQUE (placing_key);
ALTER TABLE ONLY public.payments_payment
    ADD CONSTRAINT uq_payments_payment_reference UNIQUE (provider, reference);
ALTER TABLE ONLY public.payments_payment
    ADD CONSTRAINT uq_payments_payment_subject UNIQUE (subject_kind, subject_id, attempt);
ALTER TABLE ONLY public.payments_refund
    ADD CONSTRAINT uq_payments_refund_key UNIQUE (payment_id, key);
ALTER TABLE ONLY public.rollout_audience
    ADD CONSTRAINT uq_rollout_audience_code UNIQUE (code);
ALTER TABLE ONLY public.webhook_message
    ADD CONSTRAINT uq_webhook_message_key UNIQUE (endpoint_id, key);
ALTER TABLE ONLY public.webhook_attempt
    ADD CONSTRAINT webhook_attempt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_endpoint
    ADD CONSTRAINT webhook_endpoint_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_message
    ADD CONSTRAINT webhook_message_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_owner
    ADD CONSTRAINT webhook_owner_pkey PRIMARY KEY (owner_id);
ALTER TABLE ONLY public.webhook_secret
    ADD CONSTRAINT webhook_secret_pkey PRIMARY KEY (id);
CREATE INDEX idx_procrastinate_jobs_worker_not_null ON jobs.procrastinate_jobs USING btree (worker_id) WHERE ((worker_id IS NOT NULL) AND (status = 'doing'::jobs.procrastinate_job_status));
CREATE INDEX idx_procrastinate_workers_last_heartbeat ON jobs.procrastinate_workers USING btree (last_heartbeat);
CREATE INDEX procrastinate_events_job_id_fkey_v1 ON jobs.procrastinate_events USING btree (job_id);
CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON jobs.procrastinate_jobs USING btree (id, lock) WHERE (status = ANY (ARRAY['todo'::jobs.procrastinate_job_status, 'doing'::jobs.procrastinate_job_status]));
CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON jobs.procrastinate_jobs USING btree (lock) WHERE (status = 'doing'::jobs.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_priority_idx_v1 ON jobs.procrastinate_jobs USING btree (priority DESC, id) WHERE (status = 'todo'::jobs.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON jobs.procrastinate_jobs USING btree (queue_name);
CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON jobs.procrastinate_jobs USING btree (queueing_lock) WHERE (status = 'todo'::jobs.procrastinate_job_status);
CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON jobs.procrastinate_periodic_defers USING btree (job_id);
CREATE INDEX catalog_marketplace_mark_on ON public.catalog_marketplace_mark USING btree (marketplace, variant_id) WHERE is_on;
CREATE INDEX erp_api_key_connection ON public.erp_api_key USING btree (connection_id);
CREATE INDEX erp_batch_at ON public.erp_batch USING brin (received_at);
CREATE UNIQUE INDEX erp_batch_key ON public.erp_batch USING btree (connection_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);
CREATE INDEX erp_batch_recent ON public.erp_batch USING btree (connection_id, received_at DESC, id DESC);
CREATE INDEX erp_exchange_open ON public.erp_exchange USING btree (last_at) WHERE (state = 'open'::text);
CREATE INDEX erp_exchange_recent ON public.erp_exchange USING btree (connection_id, started_at DESC, id DESC);
CREATE INDEX erp_file_exchange ON public.erp_file USING btree (exchange_id, name, began_at DESC);
CREATE INDEX erp_file_recent ON public.erp_file USING btree (connection_id, began_at DESC, id DESC);
CREATE INDEX erp_file_working ON public.erp_file USING btree (touched_at) WHERE (state = ANY (ARRAY['waiting'::text, 'importing'::text]));
CREATE INDEX erp_log_at ON public.erp_log USING brin (at);
CREATE INDEX erp_log_file ON public.erp_log USING btree (file_id, number);
CREATE INDEX erp_log_recent ON public.erp_log USING btree (connection_id, number DESC);
CREATE INDEX erp_message_dead ON public.erp_message USING btree (connection_id, number) WHERE (state = 'dead'::text);
CREATE INDEX erp_message_ended ON public.erp_message USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX erp_message_lane ON public.erp_message USING btree (connection_id, lane, number DESC);
CREATE INDEX erp_message_open ON public.erp_message USING btree (connection_id, lane, number) WHERE (state = ANY (ARRAY['waiting'::text, 'refused'::text, 'dead'::text]));
CREATE INDEX erp_message_subject ON public.erp_message USING btree (subject_id, number DESC);
CREATE INDEX erp_message_subject_number ON public.erp_message USING btree (subject_number) WHERE (subject_number <> ''::text);
CREATE INDEX erp_message_to_send ON public.erp_message USING btree (connection_id, number) WHERE (state = ANY (ARRAY['waiting'::text, 'refused'::text]));
CREATE UNIQUE INDEX erp_message_unsent ON public.erp_message USING btree (connection_id, lane) WHERE ((state = 'waiting'::text) AND (attempts = 0));
CREATE INDEX erp_message_unsent_version ON public.erp_message USING btree (connection_id, version, number) WHERE ((state = 'waiting'::text) AND (attempts = 0));
CREATE INDEX erp_order_delivery_exchange ON public.erp_order_delivery USING btree (exchange_id) WHERE (confirmed_at IS NULL);
CREATE INDEX erp_reference_internal ON public.erp_reference USING btree (internal_id);
CREATE INDEX erp_removal_recent ON public.erp_removal USING btree (connection_id, made_at DESC);
CREATE INDEX erp_waiting_for ON public.erp_waiting USING btree (connection_id, waits_for);
CREATE INDEX ix_account_attempt_began ON public.account_attempt USING btree (began_at);
CREATE INDEX ix_account_audit_actor ON public.account_audit USING btree (actor_id, at, id) WHERE (actor_id IS NOT NULL);
CREATE INDEX ix_account_audit_at ON public.account_audit USING btree (at, id);
CREATE INDEX ix_account_audit_subject ON public.account_audit USING btree (subject_kind, subject_id, at, id);
CREATE INDEX ix_account_oauth_assertion_expires ON public.account_oauth_assertion USING btree (expires_at);
CREATE INDEX ix_account_oauth_client_partner ON public.account_oauth_client USING btree (partner_id, id);
CREATE INDEX ix_account_oauth_ended_at ON public.account_oauth_ended USING btree (ended_at);
CREATE INDEX ix_account_session_expires ON public.account_session USING btree (expires_at);
CREATE INDEX ix_account_session_user ON public.account_session USING btree (user_id) WHERE (user_id IS NOT NULL);
CREATE INDEX ix_account_token_expires ON public.account_token USING btree (expires_at);
CREATE INDEX ix_account_token_user ON public.account_token USING btree (user_id, purpose);
CREATE INDEX ix_account_user_kind ON public.account_user USING btree (kind, id);
CREATE INDEX ix_account_user_partner ON public.account_user USING btree (partner_id, id) WHERE (partner_id IS NOT NULL);
CREATE INDEX ix_account_user_party ON public.account_user USING btree (party_id) WHERE (party_id IS NOT NULL);
CREATE INDEX ix_account_user_role_role ON public.account_user_role USING btree (role_id);
CREATE INDEX ix_catalog_attribute_choice_attribute ON public.catalog_attribute_choice USING btree (attribute_id);
CREATE INDEX ix_catalog_category_parent ON public.catalog_category USING btree (parent_id);
CREATE INDEX ix_catalog_product_categories ON public.catalog_product USING gin (category_ids);
CREATE INDEX ix_catalog_product_name ON public.catalog_product USING gin (((name)::text) public.gin_trgm_ops);
CREATE INDEX ix_catalog_product_newest ON public.catalog_product USING btree (created_at DESC, id DESC);
CREATE INDEX ix_catalog_product_publish_from ON public.catalog_product USING btree (publish_from) WHERE (publish_from IS NOT NULL);
CREATE INDEX ix_catalog_product_publish_until ON public.catalog_product USING btree (publish_until) WHERE (publish_until IS NOT NULL);
CREATE INDEX ix_catalog_slug_target ON public.catalog_slug USING btree (target_id);
CREATE INDEX ix_catalog_variant_barcode ON public.catalog_variant USING btree (barcode) WHERE (barcode <> ''::text);
CREATE INDEX ix_catalog_variant_product ON public.catalog_variant USING btree (product_id, "position", id);
CREATE INDEX ix_catalog_variant_sku ON public.catalog_variant USING btree (lower(sku)) WHERE (sku <> ''::text);
CREATE INDEX ix_checkout_basket_changed ON public.checkout_basket USING btree (changed_at);
CREATE INDEX ix_drops_claim_drop ON public.drops_claim USING btree (drop_id, claimed_at);
CREATE INDEX ix_drops_drop_opens ON public.drops_drop USING btree (opens_at);
CREATE INDEX ix_drops_product_product ON public.drops_product USING btree (product_id);
CREATE INDEX ix_drops_ticket_admitted ON public.drops_ticket USING btree (drop_id, admitted_at);
CREATE INDEX ix_drops_ticket_inside ON public.drops_ticket USING btree (drop_id, seen_at) WHERE (state = 'inside'::text);
CREATE INDEX ix_drops_ticket_waiting ON public.drops_ticket USING btree (drop_id, place) WHERE (state = 'waiting'::text);
CREATE INDEX ix_fulfilment_case_look ON public.fulfilment_case USING btree (look_at) WHERE (look_at IS NOT NULL);
CREATE INDEX ix_fulfilment_case_state ON public.fulfilment_case USING btree (state, changed_at DESC, order_id DESC);
CREATE INDEX ix_fulfilment_part_load ON public.fulfilment_part USING btree (warehouse_id, made_at) WHERE (state = ANY (ARRAY['asked'::text, 'confirmed'::text]));
CREATE INDEX ix_fulfilment_part_order ON public.fulfilment_part USING btree (order_id, made_at, id);
CREATE INDEX ix_fulfilment_part_pending ON public.fulfilment_part USING btree (variant_id) WHERE (state = ANY (ARRAY['proposed'::text, 'asked'::text]));
CREATE INDEX ix_fulfilment_question_open ON public.fulfilment_question USING btree (answer_by, id) WHERE (state = 'open'::text);
CREATE INDEX ix_fulfilment_question_order ON public.fulfilment_question USING btree (order_id, id);
CREATE INDEX ix_fulfilment_question_pending ON public.fulfilment_question USING btree (warehouse_id, answer_by, id) WHERE (state = ANY (ARRAY['waiting'::text, 'open'::text]));
CREATE INDEX ix_fulfilment_rule_market ON public.fulfilment_rule USING btree (market, "position", id);
CREATE INDEX ix_idempotency_key_created ON public.idempotency_key USING btree (created_at);
CREATE INDEX ix_ledger_batch_unnumbered ON public.ledger_batch USING btree (serial) WHERE (number IS NULL);
CREATE INDEX ix_ledger_entry_recorded ON public.ledger_entry USING brin (recorded_at);
CREATE INDEX ix_ledger_hold_account ON public.ledger_hold USING btree (bucket, account_id, held_at);
CREATE INDEX ix_ledger_hold_due ON public.ledger_hold USING btree (expires_at) WHERE (state = 'open'::text);
CREATE INDEX ix_ledger_posting_recorded ON public.ledger_posting USING brin (recorded_at);
CREATE INDEX ix_ledger_posting_reverses ON public.ledger_posting USING btree (bucket, reverses) WHERE (reverses IS NOT NULL);
CREATE INDEX ix_ledger_transfer_recorded ON public.ledger_transfer USING brin (recorded_at);
CREATE INDEX ix_loyalty_action_recorded ON public.loyalty_action USING brin (recorded_at);
CREATE INDEX ix_loyalty_app_handover_over ON public.loyalty_app_handover USING btree (expires_at);
CREATE INDEX ix_loyalty_app_handover_session ON public.loyalty_app_handover USING btree (session_id);
CREATE INDEX ix_loyalty_app_session_member ON public.loyalty_app_session USING btree (bucket, member_id, seen_at) WHERE (ended_at IS NULL);
CREATE INDEX ix_loyalty_app_session_over ON public.loyalty_app_session USING btree (expires_at);
CREATE INDEX ix_loyalty_app_session_parent ON public.loyalty_app_session USING btree (parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX ix_loyalty_budget_lease_campaign ON public.loyalty_budget_lease USING btree (campaign_id);
CREATE INDEX ix_loyalty_card_expiry ON public.loyalty_card USING btree (expires_at) WHERE ((state = 'active'::text) AND (expires_at IS NOT NULL));
CREATE INDEX ix_loyalty_card_member ON public.loyalty_card USING btree (bucket, member_id) WHERE (member_id IS NOT NULL);
CREATE INDEX ix_loyalty_code_shown ON public.loyalty_code_shown USING btree (shown_at);
CREATE INDEX ix_loyalty_correction_approved ON public.loyalty_correction USING btree (decided_at, id) WHERE (state = 'approved'::text);
CREATE INDEX ix_loyalty_correction_member ON public.loyalty_correction USING btree (member_id, proposed_at, id);
CREATE INDEX ix_loyalty_correction_proposed ON public.loyalty_correction USING btree (proposed_at, id);
CREATE INDEX ix_loyalty_correction_state ON public.loyalty_correction USING btree (state, proposed_at, id);
CREATE INDEX ix_loyalty_dispute_comment_dispute ON public.loyalty_dispute_comment USING btree (dispute_id, at, id);
CREATE INDEX ix_loyalty_dispute_correction ON public.loyalty_dispute USING btree (correction_id) WHERE (correction_id IS NOT NULL);
CREATE INDEX ix_loyalty_dispute_due ON public.loyalty_dispute USING btree (due_at, id);
CREATE INDEX ix_loyalty_dispute_member ON public.loyalty_dispute USING btree (member_id, due_at, id);
CREATE INDEX ix_loyalty_dispute_open ON public.loyalty_dispute USING btree (due_at, id) WHERE (state = ANY (ARRAY['open'::text, 'asked_partner'::text]));
CREATE INDEX ix_loyalty_dispute_partner ON public.loyalty_dispute USING btree (partner_id, due_at, id);
CREATE INDEX ix_loyalty_dispute_state ON public.loyalty_dispute USING btree (state, due_at, id);
CREATE INDEX ix_loyalty_feed_call_waiting ON public.loyalty_feed_call USING btree (feed_id, created_at, id) WHERE (state = 'waiting'::text);
CREATE INDEX ix_loyalty_feed_clearing_partner ON public.loyalty_feed_clearing USING btree (partner_id, happened_at, item_id, ordinal);
CREATE INDEX ix_loyalty_feed_due ON public.loyalty_feed USING btree (next_at) WHERE is_active;
CREATE INDEX ix_loyalty_feed_item_old ON public.loyalty_feed_item USING btree (feed_id, last_at) WHERE ((shown IS NOT NULL) OR (state = 'taken'::text));
CREATE INDEX ix_loyalty_feed_item_refused ON public.loyalty_feed_item USING btree (feed_id, last_at DESC, id) WHERE (state = 'refused'::text);
CREATE INDEX ix_loyalty_feed_item_run ON public.loyalty_feed_item USING btree (run_id, row_number);
CREATE INDEX ix_loyalty_feed_item_try ON public.loyalty_feed_item USING btree (try_at) WHERE (state = 'waiting'::text);
CREATE INDEX ix_loyalty_feed_order_due ON public.loyalty_feed_order USING btree (due_at, partner_id, receipt) WHERE is_open;
CREATE INDEX ix_loyalty_feed_order_feed ON public.loyalty_feed_order USING btree (feed_id, due_at) WHERE is_open;
CREATE INDEX ix_loyalty_feed_run_latest ON public.loyalty_feed_run USING btree (feed_id, started_at DESC, id DESC);
CREATE INDEX ix_loyalty_feed_run_open ON public.loyalty_feed_run USING btree (feed_id, started_at) WHERE (state = 'running'::text);
CREATE INDEX ix_loyalty_guard_alert_member ON public.loyalty_guard_alert USING btree (member_id, opened_at, id);
CREATE INDEX ix_loyalty_guard_alert_opened ON public.loyalty_guard_alert USING btree (opened_at, id);
CREATE INDEX ix_loyalty_guard_alert_state ON public.loyalty_guard_alert USING btree (state, opened_at, id);
CREATE INDEX ix_loyalty_guard_challenge_expires ON public.loyalty_guard_challenge USING btree (expires_at);
CREATE INDEX ix_loyalty_guard_challenge_member ON public.loyalty_guard_challenge USING btree (bucket, member_id, started_at);
CREATE INDEX ix_loyalty_guard_count_gone ON public.loyalty_guard_count USING brin (gone_at);
CREATE INDEX ix_loyalty_guard_member_blocked ON public.loyalty_guard_member USING btree (blocked_by) WHERE (blocked_by IS NOT NULL);
CREATE INDEX ix_loyalty_lot_due ON public.loyalty_lot USING btree (expires_at) WHERE (remaining > 0);
CREATE INDEX ix_loyalty_lot_open ON public.loyalty_lot USING btree (bucket, account_id, expires_at, id) WHERE ((remaining <> 0) OR (held <> 0));
CREATE INDEX ix_loyalty_member_joined ON public.loyalty_member USING btree (joined_at, id);
CREATE INDEX ix_loyalty_member_merge_absorb ON public.loyalty_member_merge USING btree (absorb_id, made_at);
CREATE INDEX ix_loyalty_member_merge_keep ON public.loyalty_member_merge USING btree (keep_id, made_at);
CREATE INDEX ix_loyalty_move_from ON public.loyalty_move USING btree (from_account_id, to_account_id);
CREATE INDEX ix_loyalty_move_open ON public.loyalty_move USING btree (left_at) WHERE (arrived_at IS NULL);
CREATE INDEX ix_loyalty_offer_created ON public.loyalty_offer USING btree (created_at DESC, id DESC);
CREATE INDEX ix_loyalty_offer_live ON public.loyalty_offer USING btree (state) WHERE is_live;
CREATE INDEX ix_loyalty_offer_partner ON public.loyalty_offer USING btree (partner_id, created_at DESC, id DESC);
CREATE INDEX ix_loyalty_offer_review ON public.loyalty_offer USING btree (submitted_at, id) WHERE (state = 'in_review'::text);
CREATE INDEX ix_loyalty_participation_partner ON public.loyalty_participation USING btree (partner_id);
CREATE INDEX ix_loyalty_receipt_member ON public.loyalty_receipt USING btree (bucket, member_id, happened_at) WHERE (member_id IS NOT NULL);
CREATE INDEX ix_loyalty_receipt_waiting ON public.loyalty_receipt USING btree (changed_at) WHERE (member_id IS NULL);
CREATE INDEX ix_loyalty_reference_member ON public.loyalty_reference USING btree (bucket, member_id);
CREATE INDEX ix_loyalty_reward_code_free ON public.loyalty_reward_code USING btree (reward_id, id) WHERE (order_id IS NULL);
CREATE INDEX ix_loyalty_reward_list ON public.loyalty_reward USING btree (programme_id, "position", id) WHERE is_active;
CREATE INDEX ix_loyalty_reward_order_member ON public.loyalty_reward_order USING btree (bucket, member_id, ordered_at DESC, id);
CREATE INDEX ix_loyalty_reward_order_open ON public.loyalty_reward_order USING btree (changed_at, bucket, id) WHERE (state = ANY (ARRAY['taken'::text, 'held'::text, 'cancelling'::text]));
CREATE INDEX ix_loyalty_reward_order_reward ON public.loyalty_reward_order USING btree (reward_id, ordered_at DESC, id DESC);
CREATE INDEX ix_loyalty_reward_programme ON public.loyalty_reward USING btree (programme_id, "position", id);
CREATE INDEX ix_loyalty_sign_in_address ON public.loyalty_sign_in USING btree (address_value, made_at);
CREATE INDEX ix_loyalty_sign_in_made ON public.loyalty_sign_in USING btree (made_at);
CREATE INDEX ix_loyalty_sign_in_phone ON public.loyalty_sign_in USING btree (phone_value, made_at);
CREATE INDEX ix_loyalty_statement_partner ON public.loyalty_statement USING btree (partner_id, begins_at, id);
CREATE INDEX ix_loyalty_unclaimed_kept ON public.loyalty_unclaimed USING btree (kept_at);
CREATE INDEX ix_loyalty_unclaimed_ref ON public.loyalty_unclaimed USING btree (ref);
CREATE INDEX ix_notifications_campaign_created ON public.notifications_campaign USING btree (created_at, id);
CREATE INDEX ix_notifications_campaign_live ON public.notifications_campaign USING btree (state) WHERE (state = ANY (ARRAY['approved'::text, 'running'::text, 'paused'::text]));
CREATE INDEX ix_notifications_device_member ON public.notifications_device USING btree (member_id, seen_at);
CREATE INDEX ix_notifications_device_seen ON public.notifications_device USING btree (seen_at);
CREATE INDEX ix_notifications_message_campaign ON public.notifications_message USING btree (campaign_id, state) WHERE (campaign_id IS NOT NULL);
CREATE INDEX ix_notifications_message_campaign_due ON public.notifications_message USING btree (campaign_id, due_at, number) WHERE ((state = 'waiting'::text) AND (campaign_id IS NOT NULL));
CREATE INDEX ix_notifications_message_claimed ON public.notifications_message USING btree (claimed_at, number) WHERE (state = 'sending'::text);
CREATE INDEX ix_notifications_message_collapse ON public.notifications_message USING btree (member_id, collapse_key, number);
CREATE INDEX ix_notifications_message_counted ON public.notifications_message USING btree (member_id, counted_at) WHERE (counted_at IS NOT NULL);
CREATE INDEX ix_notifications_message_created ON public.notifications_message USING btree (created_at);
CREATE INDEX ix_notifications_message_due ON public.notifications_message USING btree (due_at, number) WHERE ((state = 'waiting'::text) AND (campaign_id IS NULL));
CREATE INDEX ix_notifications_message_failed ON public.notifications_message USING btree (ended_at, number) WHERE (state = 'failed'::text);
CREATE INDEX ix_notifications_message_member ON public.notifications_message USING btree (member_id, number);
CREATE INDEX ix_notifications_recipient_member ON public.notifications_recipient USING btree (member_id);
CREATE INDEX ix_notifications_segment_name ON public.notifications_segment USING btree (name, id);
CREATE INDEX ix_notifications_status_received ON public.notifications_status USING btree (received_at);
CREATE INDEX ix_orders_line_variant ON public.orders_line USING btree (variant_id);
CREATE INDEX ix_orders_order_party ON public.orders_order USING btree (party_id, placed_at DESC, id DESC) WHERE (party_id IS NOT NULL);
CREATE INDEX ix_orders_order_placed ON public.orders_order USING btree (placed_at DESC, id DESC);
CREATE INDEX ix_orders_order_search ON public.orders_order USING gin (lower(((((((((number || ' '::text) || COALESCE(erp_number, ''::text)) || ' '::text) || recipient_name) || ' '::text) || recipient_phone) || ' '::text) || recipient_email)) public.gin_trgm_ops);
CREATE INDEX ix_orders_order_state ON public.orders_order USING btree (state, placed_at DESC, id DESC);
CREATE INDEX ix_orders_order_to_export ON public.orders_order USING btree (changed_at, id) WHERE (change_number > exported_number);
CREATE INDEX ix_orders_order_unpaid ON public.orders_order USING btree (pay_until) WHERE ((pay_until IS NOT NULL) AND (state = ANY (ARRAY['placed'::text, 'confirmed'::text])));
CREATE INDEX ix_outbox_event_unnumbered ON public.outbox_event USING btree (serial) WHERE ("position" IS NULL);
CREATE INDEX ix_outbox_stuck_due ON public.outbox_stuck USING btree (subscription, next_try_at) WHERE (set_aside_at IS NULL);
CREATE INDEX ix_payments_attempt_payment ON public.payments_attempt USING btree (payment_id);
CREATE INDEX ix_payments_payment_check ON public.payments_payment USING btree (check_at) WHERE (check_at IS NOT NULL);
CREATE INDEX ix_payments_payment_created ON public.payments_payment USING btree (created_at DESC, id DESC);
CREATE INDEX ix_payments_refund_payment ON public.payments_refund USING btree (payment_id);
CREATE INDEX ix_pricing_list_market ON public.pricing_list USING btree (market, customer_group);
CREATE INDEX ix_pricing_member_group ON public.pricing_member USING btree (group_code);
CREATE INDEX ix_pricing_price_change_variant ON public.pricing_price_change USING btree (variant_id, id DESC);
CREATE INDEX ix_pricing_price_list ON public.pricing_price USING btree (price_list_id, variant_id);
CREATE INDEX ix_rollout_member_subject ON public.rollout_member USING btree (subject_id);
CREATE INDEX ix_search_change_at ON public.search_change USING btree (changed_at);
CREATE INDEX ix_search_change_xid ON public.search_change USING btree (xid);
CREATE INDEX ix_search_code_product ON public.search_code USING btree (product);
CREATE INDEX ix_search_entry_product ON public.search_entry USING btree (product, profile);
CREATE INDEX ix_search_placement_en ON public.search_placement USING btree (category, sort_en, product);
CREATE INDEX ix_search_placement_new ON public.search_placement USING btree (category, created_at, product);
CREATE INDEX ix_search_placement_popular ON public.search_placement USING btree (category, popularity, product);
CREATE INDEX ix_search_placement_ru ON public.search_placement USING btree (category, sort_ru, product);
CREATE INDEX ix_search_product_slug ON public.search_product USING btree (slug);
CREATE INDEX ix_search_product_words ON public.search_product USING gin (words);
CREATE INDEX ix_search_query_prefix ON public.search_query USING btree (text text_pattern_ops);
CREATE INDEX ix_search_word_prefix ON public.search_word USING btree (word text_pattern_ops);
CREATE INDEX ix_search_word_similar ON public.search_word USING gist (word public.gist_trgm_ops);
CREATE INDEX ix_webhook_attempt_message ON public.webhook_attempt USING btree (message_id, id);
CREATE INDEX ix_webhook_endpoint_owner ON public.webhook_endpoint USING btree (owner_id, id);
CREATE INDEX ix_webhook_message_calling ON public.webhook_message USING btree (endpoint_id) WHERE (calling_since IS NOT NULL);
CREATE INDEX ix_webhook_message_dead ON public.webhook_message USING btree (endpoint_id, id) WHERE (state = 'dead'::text);
CREATE INDEX ix_webhook_message_ended ON public.webhook_message USING btree (ended_at, id) WHERE (ended_at IS NOT NULL);
CREATE INDEX ix_webhook_message_endpoint ON public.webhook_message USING btree (endpoint_id, id);
CREATE INDEX ix_webhook_message_owner ON public.webhook_message USING btree (owner_id, id);
CREATE INDEX ix_webhook_message_waiting ON public.webhook_message USING btree (endpoint_id, next_at, id) WHERE ((state = 'waiting'::text) AND (calling_since IS NULL));
CREATE INDEX ix_webhook_secret_endpoint ON public.webhook_secret USING btree (endpoint_id, id);
CREATE INDEX parties_address_party ON public.parties_address USING btree (party_id, updated_at DESC, id);
CREATE INDEX parties_consent_party ON public.parties_consent USING btree (party_id, purpose, decided_at DESC, id DESC);
CREATE INDEX parties_identifier_party ON public.parties_identifier USING btree (party_id);
CREATE INDEX parties_merge_absorb ON public.parties_merge USING btree (absorb_id);
CREATE INDEX parties_merge_keep ON public.parties_merge USING btree (keep_id, made_at);
CREATE INDEX parties_party_merged ON public.parties_party USING btree (merged_into) WHERE (merged_into IS NOT NULL);
CREATE INDEX parties_party_search ON public.parties_party USING gin (sort_name public.gin_trgm_ops);
CREATE INDEX parties_party_sort ON public.parties_party USING btree (sort_name, id) WHERE (merged_into IS NULL);
CREATE INDEX parties_role_organisation ON public.parties_role USING btree (organisation_id);
CREATE INDEX promotions_gift_set_offered ON public.promotions_gift_set USING btree (market, minimum_minor) WHERE is_active;
CREATE INDEX receipts_line_variant ON public.receipts_line USING btree (variant_id) WHERE (variant_id IS NOT NULL);
CREATE INDEX receipts_receipt_card ON public.receipts_receipt USING btree (card, happened_at DESC, id DESC) WHERE (card IS NOT NULL);
CREATE INDEX receipts_receipt_original ON public.receipts_receipt USING btree (original_id) WHERE (original_id IS NOT NULL);
CREATE INDEX receipts_receipt_party ON public.receipts_receipt USING btree (party_id, happened_at DESC, id DESC) WHERE (party_id IS NOT NULL);
CREATE INDEX receipts_receipt_recent ON public.receipts_receipt USING btree (happened_at DESC, id DESC);
CREATE INDEX receipts_receipt_shop ON public.receipts_receipt USING btree (warehouse_id, happened_at DESC, id DESC);
CREATE INDEX receipts_receipt_waiting ON public.receipts_receipt USING btree (source, original_key) WHERE ((original_key IS NOT NULL) AND (original_id IS NULL));
CREATE INDEX retailcrm_arrival_next ON public.retailcrm_arrival USING btree (connection_id, kind, number);
CREATE UNIQUE INDEX retailcrm_link_crm ON public.retailcrm_link USING btree (connection_id, kind, crm_id);
CREATE INDEX retailcrm_link_owner ON public.retailcrm_link USING btree (owner_id) WHERE (owner_id IS NOT NULL);
CREATE INDEX retailcrm_market_connection ON public.retailcrm_market USING btree (connection_id);
CREATE INDEX retailcrm_outgoing_waiting ON public.retailcrm_outgoing USING btree (connection_id, kind, number) WHERE (state = 'waiting'::text);
CREATE INDEX retailcrm_refusal_open ON public.retailcrm_refusal USING btree (connection_id, last_at DESC, id) WHERE (done_at IS NULL);
CREATE INDEX retailcrm_stock_waiting ON public.retailcrm_stock USING btree (connection_id, variant_id) WHERE (version > sent_version);
CREATE INDEX stock_binding_shelf ON public.stock_binding USING btree (variant_id, warehouse_id);
CREATE INDEX stock_channel_warehouse_warehouse ON public.stock_channel_warehouse USING btree (warehouse_id);
CREATE INDEX stock_correction_made ON public.stock_correction USING btree (made_at, id);
CREATE INDEX stock_correction_open ON public.stock_correction USING btree (variant_id, warehouse_id) WHERE (ended_at IS NULL);
CREATE INDEX stock_correction_variant ON public.stock_correction USING btree (variant_id, made_at, id);
CREATE INDEX stock_reservation_expiry ON public.stock_reservation USING btree (expires_at) WHERE (state = 'held'::text);
CREATE INDEX stock_reservation_line_open ON public.stock_reservation_line USING btree (variant_id, reservation_id) WHERE ((contained + released) < quantity);
CREATE UNIQUE INDEX stock_reservation_order ON public.stock_reservation USING btree (order_id) WHERE (order_id IS NOT NULL);
CREATE INDEX stock_reservation_refused ON public.stock_reservation USING btree (made_at) WHERE (state = 'refused'::text);
CREATE INDEX stock_shipment_waiting ON public.stock_shipment USING btree (variant_id) WHERE (contained_at IS NULL);
CREATE UNIQUE INDEX uq_fulfilment_part_line ON public.fulfilment_part USING btree (question_id, number) WHERE (question_id IS NOT NULL);
CREATE UNIQUE INDEX uq_fulfilment_part_pending ON public.fulfilment_part USING btree (order_id, variant_id, warehouse_id) WHERE (state = ANY (ARRAY['proposed'::text, 'asked'::text]));
CREATE UNIQUE INDEX uq_loyalty_dispute_open ON public.loyalty_dispute USING btree (member_id, programme_id, kind, partner_id, posting_id, receipt) NULLS NOT DISTINCT WHERE (state = ANY (ARRAY['open'::text, 'asked_partner'::text]));
CREATE UNIQUE INDEX uq_loyalty_guard_alert_open ON public.loyalty_guard_alert USING btree (programme_id, member_id, kind) WHERE (state = ANY (ARRAY['new'::text, 'looked_at'::text]));
CREATE UNIQUE INDEX uq_loyalty_member_party ON public.loyalty_member USING btree (party_id) WHERE (party_id IS NOT NULL);
CREATE UNIQUE INDEX uq_loyalty_rule_code ON public.loyalty_rule USING btree (programme_id, code) WHERE (in_force_until IS NULL);
CREATE UNIQUE INDEX uq_loyalty_settlement_alert_open ON public.loyalty_settlement_alert USING btree (programme_id, partner_id, kind) WHERE (closed_at IS NULL);
CREATE UNIQUE INDEX uq_outbox_event_position ON public.outbox_event USING btree (partition, "position") WHERE ("position" IS NOT NULL);
CREATE TRIGGER notify_lock_free_on_delete AFTER DELETE ON jobs.procrastinate_jobs FOR EACH ROW WHEN (((old.status = 'doing'::jobs.procrastinate_job_status) AND (old.lock IS NOT NULL))) EXECUTE FUNCTION jobs.notify_lock_free();
CREATE TRIGGER notify_lock_free_on_update AFTER UPDATE OF status ON jobs.procrastinate_jobs FOR EACH ROW WHEN (((old.status = 'doing'::jobs.procrastinate_job_status) AND (old.lock IS NOT NULL))) EXECUTE FUNCTION jobs.notify_lock_free();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 AFTER UPDATE OF abort_requested ON jobs.procrastinate_jobs FOR EACH ROW WHEN (((old.abort_requested = false) AND (new.abort_requested = true) AND (new.status = 'doing'::jobs.procrastinate_job_status))) EXECUTE FUNCTION jobs.procrastinate_notify_queue_abort_job_v1();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 AFTER INSERT ON jobs.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::jobs.procrastinate_job_status)) EXECUTE FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1();
CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1 AFTER UPDATE OF abort_requested ON jobs.procrastinate_jobs FOR EACH ROW WHEN ((new.abort_requested = true)) EXECUTE FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1();
CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON jobs.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION jobs.procrastinate_unlink_periodic_defers_v1();
CREATE TRIGGER procrastinate_trigger_scheduled_events_v1 AFTER INSERT OR UPDATE ON jobs.procrastinate_jobs FOR EACH ROW WHEN (((new.scheduled_at IS NOT NULL) AND (new.status = 'todo'::jobs.procrastinate_job_status))) EXECUTE FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1();
CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON jobs.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::jobs.procrastinate_job_status)) EXECUTE FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1();
CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON jobs.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1();
CREATE TRIGGER account_audit_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.account_audit FOR EACH STATEMENT EXECUTE FUNCTION public.account_audit_is_append_only();
CREATE TRIGGER ledger_entry_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change();
CREATE TRIGGER ledger_period_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_period FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change();
CREATE TRIGGER ledger_posting_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_posting FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change();
CREATE TRIGGER ledger_transfer_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_transfer FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change();
CREATE TRIGGER loyalty_closing_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.loyalty_closing FOR EACH STATEMENT EXECUTE FUNCTION public.loyalty_refuse_change();
CREATE TRIGGER loyalty_statement_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.loyalty_statement FOR EACH STATEMENT EXECUTE FUNCTION public.loyalty_refuse_change();
CREATE TRIGGER loyalty_statement_payment_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.loyalty_statement_payment FOR EACH STATEMENT EXECUTE FUNCTION public.loyalty_refuse_change();
CREATE TRIGGER stock_movement_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.stock_movement FOR EACH STATEMENT EXECUTE FUNCTION public.stock_movement_append_only();
ALTER TABLE ONLY jobs.job_error
    ADD CONSTRAINT fk_job_error_job FOREIGN KEY (job_id) REFERENCES jobs.procrastinate_jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY jobs.procrastinate_events
    ADD CONSTRAINT procrastinate_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs.procrastinate_jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY jobs.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES jobs.procrastinate_workers(id) ON DELETE SET NULL;
ALTER TABLE ONLY jobs.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs.procrastinate_jobs(id);
ALTER TABLE ONLY public.account_oauth_key
    ADD CONSTRAINT account_oauth_key_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.account_oauth_client(id);
ALTER TABLE ONLY public.account_oauth_secret
    ADD CONSTRAINT account_oauth_secret_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.account_oauth_client(id);
ALTER TABLE ONLY public.account_recovery_code
    ADD CONSTRAINT account_recovery_code_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.account_user(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.account_session
    ADD CONSTRAINT account_session_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.account_user(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.account_token
    ADD CONSTRAINT account_token_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.account_user(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.account_user_role
    ADD CONSTRAINT account_user_role_role_id_fkey FOREIGN KEY (role_id) REFERENCES public.account_role(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.account_user_role
    ADD CONSTRAINT account_user_role_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.account_user(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.catalog_attribute_choice
    ADD CONSTRAINT catalog_attribute_choice_attribute FOREIGN KEY (attribute_id) REFERENCES public.catalog_attribute(id);
ALTER TABLE ONLY public.catalog_category
    ADD CONSTRAINT catalog_category_parent FOREIGN KEY (parent_id) REFERENCES public.catalog_category(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.catalog_marketplace_mark
    ADD CONSTRAINT catalog_marketplace_mark_variant_id_fkey FOREIGN KEY (variant_id) REFERENCES public.catalog_variant(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.catalog_variant
    ADD CONSTRAINT catalog_variant_product FOREIGN KEY (product_id) REFERENCES public.catalog_product(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.checkout_line
    ADD CONSTRAINT checkout_line_basket_id_fkey FOREIGN KEY (basket_id) REFERENCES public.checkout_basket(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.drops_claim
    ADD CONSTRAINT drops_claim_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES public.drops_drop(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.drops_line
    ADD CONSTRAINT drops_line_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES public.drops_drop(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.drops_product
    ADD CONSTRAINT drops_product_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES public.drops_drop(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.drops_taken
    ADD CONSTRAINT drops_taken_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES public.drops_drop(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.drops_ticket
    ADD CONSTRAINT drops_ticket_drop_id_fkey FOREIGN KEY (drop_id) REFERENCES public.drops_drop(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.erp_api_key
    ADD CONSTRAINT erp_api_key_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_batch
    ADD CONSTRAINT erp_batch_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_chunk
    ADD CONSTRAINT erp_chunk_file_id_fkey FOREIGN KEY (file_id) REFERENCES public.erp_file(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.erp_deferred
    ADD CONSTRAINT erp_deferred_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_exchange
    ADD CONSTRAINT erp_exchange_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_file
    ADD CONSTRAINT erp_file_archive_id_fkey FOREIGN KEY (archive_id) REFERENCES public.erp_file(id);
ALTER TABLE ONLY public.erp_file
    ADD CONSTRAINT erp_file_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_file
    ADD CONSTRAINT erp_file_exchange_id_fkey FOREIGN KEY (exchange_id) REFERENCES public.erp_exchange(id);
ALTER TABLE ONLY public.erp_file
    ADD CONSTRAINT erp_file_repeats_id_fkey FOREIGN KEY (repeats_id) REFERENCES public.erp_file(id);
ALTER TABLE ONLY public.erp_message
    ADD CONSTRAINT erp_message_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_order_delivery
    ADD CONSTRAINT erp_order_delivery_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_order_delivery
    ADD CONSTRAINT erp_order_delivery_exchange_id_fkey FOREIGN KEY (exchange_id) REFERENCES public.erp_exchange(id);
ALTER TABLE ONLY public.erp_outgoing
    ADD CONSTRAINT erp_outgoing_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_outgoing_contract
    ADD CONSTRAINT erp_outgoing_contract_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_outgoing(connection_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.erp_outgoing_health
    ADD CONSTRAINT erp_outgoing_health_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_outgoing(connection_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.erp_owned_warehouse
    ADD CONSTRAINT erp_owned_warehouse_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_received
    ADD CONSTRAINT erp_received_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_reference
    ADD CONSTRAINT erp_reference_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_removal
    ADD CONSTRAINT erp_removal_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.erp_removal
    ADD CONSTRAINT erp_removal_exchange_id_fkey FOREIGN KEY (exchange_id) REFERENCES public.erp_exchange(id);
ALTER TABLE ONLY public.erp_waiting
    ADD CONSTRAINT erp_waiting_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.erp_connection(id);
ALTER TABLE ONLY public.loyalty_app_handover
    ADD CONSTRAINT fk_loyalty_app_handover_session FOREIGN KEY (session_id) REFERENCES public.loyalty_app_session(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.loyalty_app_session
    ADD CONSTRAINT fk_loyalty_app_session_parent FOREIGN KEY (parent_id) REFERENCES public.loyalty_app_session(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.loyalty_card
    ADD CONSTRAINT fk_loyalty_card_member FOREIGN KEY (bucket, member_id) REFERENCES public.loyalty_member(bucket, id);
ALTER TABLE ONLY public.loyalty_membership
    ADD CONSTRAINT fk_loyalty_membership_member FOREIGN KEY (bucket, member_id) REFERENCES public.loyalty_member(bucket, id);
ALTER TABLE ONLY public.loyalty_point_block
    ADD CONSTRAINT fk_loyalty_point_block_prepayment FOREIGN KEY (programme_id, partner_id) REFERENCES public.loyalty_prepayment(programme_id, partner_id);
ALTER TABLE ONLY public.loyalty_reference
    ADD CONSTRAINT fk_loyalty_reference_member FOREIGN KEY (bucket, member_id) REFERENCES public.loyalty_member(bucket, id);
ALTER TABLE ONLY public.loyalty_reference_past
    ADD CONSTRAINT fk_loyalty_reference_past_member FOREIGN KEY (bucket, member_id) REFERENCES public.loyalty_member(bucket, id);
ALTER TABLE ONLY public.loyalty_reward_code
    ADD CONSTRAINT fk_loyalty_reward_code_reward FOREIGN KEY (reward_id) REFERENCES public.loyalty_reward(id);
ALTER TABLE ONLY public.loyalty_reward_order
    ADD CONSTRAINT fk_loyalty_reward_order_reward FOREIGN KEY (reward_id) REFERENCES public.loyalty_reward(id);
ALTER TABLE ONLY public.loyalty_statement
    ADD CONSTRAINT fk_loyalty_statement_closing FOREIGN KEY (programme_id, begins_at) REFERENCES public.loyalty_closing(programme_id, begins_at);
ALTER TABLE ONLY public.fulfilment_decision
    ADD CONSTRAINT fulfilment_decision_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.fulfilment_case(order_id);
ALTER TABLE ONLY public.fulfilment_event
    ADD CONSTRAINT fulfilment_event_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.fulfilment_case(order_id);
ALTER TABLE ONLY public.fulfilment_notice
    ADD CONSTRAINT fulfilment_notice_question_id_fkey FOREIGN KEY (question_id) REFERENCES public.fulfilment_question(id);
ALTER TABLE ONLY public.fulfilment_part
    ADD CONSTRAINT fulfilment_part_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.fulfilment_case(order_id);
ALTER TABLE ONLY public.fulfilment_part
    ADD CONSTRAINT fulfilment_part_question_id_fkey FOREIGN KEY (question_id) REFERENCES public.fulfilment_question(id);
ALTER TABLE ONLY public.fulfilment_question
    ADD CONSTRAINT fulfilment_question_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.fulfilment_case(order_id);
ALTER TABLE ONLY public.loyalty_budget_lease
    ADD CONSTRAINT loyalty_budget_lease_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.loyalty_budget(campaign_id);
ALTER TABLE ONLY public.loyalty_budget
    ADD CONSTRAINT loyalty_budget_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.loyalty_closing
    ADD CONSTRAINT loyalty_closing_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.loyalty_dispute_comment
    ADD CONSTRAINT loyalty_dispute_comment_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES public.loyalty_dispute(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.loyalty_feed_call
    ADD CONSTRAINT loyalty_feed_call_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.loyalty_feed(id);
ALTER TABLE ONLY public.loyalty_feed_clearing
    ADD CONSTRAINT loyalty_feed_clearing_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.loyalty_feed(id);
ALTER TABLE ONLY public.loyalty_feed_clearing
    ADD CONSTRAINT loyalty_feed_clearing_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES public.loyalty_partner(id);
ALTER TABLE ONLY public.loyalty_feed_clearing
    ADD CONSTRAINT loyalty_feed_clearing_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.loyalty_feed_item
    ADD CONSTRAINT loyalty_feed_item_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.loyalty_feed(id);
ALTER TABLE ONLY public.loyalty_feed_mapping
    ADD CONSTRAINT loyalty_feed_mapping_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.loyalty_feed(id);
ALTER TABLE ONLY public.loyalty_feed_order
    ADD CONSTRAINT loyalty_feed_order_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.loyalty_feed(id);
ALTER TABLE ONLY public.loyalty_feed_order
    ADD CONSTRAINT loyalty_feed_order_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES public.loyalty_partner(id);
ALTER TABLE ONLY public.loyalty_feed
    ADD CONSTRAINT loyalty_feed_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES public.loyalty_partner(id);
ALTER TABLE ONLY public.loyalty_feed
    ADD CONSTRAINT loyalty_feed_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.loyalty_feed_run
    ADD CONSTRAINT loyalty_feed_run_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.loyalty_feed(id);
ALTER TABLE ONLY public.loyalty_offer
    ADD CONSTRAINT loyalty_offer_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES public.loyalty_partner(id);
ALTER TABLE ONLY public.loyalty_offer
    ADD CONSTRAINT loyalty_offer_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.loyalty_offer_version
    ADD CONSTRAINT loyalty_offer_version_offer_id_fkey FOREIGN KEY (offer_id) REFERENCES public.loyalty_offer(id);
ALTER TABLE ONLY public.loyalty_participation
    ADD CONSTRAINT loyalty_participation_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES public.loyalty_partner(id);
ALTER TABLE ONLY public.loyalty_participation
    ADD CONSTRAINT loyalty_participation_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.loyalty_prepayment
    ADD CONSTRAINT loyalty_prepayment_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES public.loyalty_partner(id);
ALTER TABLE ONLY public.loyalty_prepayment
    ADD CONSTRAINT loyalty_prepayment_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.loyalty_rule
    ADD CONSTRAINT loyalty_rule_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES public.loyalty_partner(id);
ALTER TABLE ONLY public.loyalty_rule
    ADD CONSTRAINT loyalty_rule_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.loyalty_settlement_alert
    ADD CONSTRAINT loyalty_settlement_alert_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES public.loyalty_partner(id);
ALTER TABLE ONLY public.loyalty_settlement_alert
    ADD CONSTRAINT loyalty_settlement_alert_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.loyalty_settlement_rule
    ADD CONSTRAINT loyalty_settlement_rule_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.loyalty_statement
    ADD CONSTRAINT loyalty_statement_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES public.loyalty_partner(id);
ALTER TABLE ONLY public.loyalty_statement_payment
    ADD CONSTRAINT loyalty_statement_payment_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES public.loyalty_statement(id);
ALTER TABLE ONLY public.loyalty_terms_version
    ADD CONSTRAINT loyalty_terms_version_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES public.loyalty_partner(id);
ALTER TABLE ONLY public.loyalty_terms_version
    ADD CONSTRAINT loyalty_terms_version_programme_id_fkey FOREIGN KEY (programme_id) REFERENCES public.loyalty_programme(id);
ALTER TABLE ONLY public.notifications_campaign
    ADD CONSTRAINT notifications_campaign_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES public.notifications_segment(id);
ALTER TABLE ONLY public.notifications_delivery
    ADD CONSTRAINT notifications_delivery_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.notifications_message(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notifications_device
    ADD CONSTRAINT notifications_device_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.notifications_person(member_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notifications_message
    ADD CONSTRAINT notifications_message_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.notifications_campaign(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notifications_preference
    ADD CONSTRAINT notifications_preference_member_id_fkey FOREIGN KEY (member_id) REFERENCES public.notifications_person(member_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notifications_recipient
    ADD CONSTRAINT notifications_recipient_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.notifications_campaign(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.orders_history
    ADD CONSTRAINT orders_history_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders_order(id);
ALTER TABLE ONLY public.orders_line
    ADD CONSTRAINT orders_line_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders_order(id);
ALTER TABLE ONLY public.orders_shipment
    ADD CONSTRAINT orders_shipment_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders_order(id);
ALTER TABLE ONLY public.parties_address
    ADD CONSTRAINT parties_address_party_id_fkey FOREIGN KEY (party_id) REFERENCES public.parties_party(id);
ALTER TABLE ONLY public.parties_conflict
    ADD CONSTRAINT parties_conflict_first_id_fkey FOREIGN KEY (first_id) REFERENCES public.parties_party(id);
ALTER TABLE ONLY public.parties_conflict
    ADD CONSTRAINT parties_conflict_second_id_fkey FOREIGN KEY (second_id) REFERENCES public.parties_party(id);
ALTER TABLE ONLY public.parties_consent
    ADD CONSTRAINT parties_consent_party_id_fkey FOREIGN KEY (party_id) REFERENCES public.parties_party(id);
ALTER TABLE ONLY public.parties_identifier
    ADD CONSTRAINT parties_identifier_party_id_fkey FOREIGN KEY (party_id) REFERENCES public.parties_party(id);
ALTER TABLE ONLY public.parties_merge
    ADD CONSTRAINT parties_merge_absorb_id_fkey FOREIGN KEY (absorb_id) REFERENCES public.parties_party(id);
ALTER TABLE ONLY public.parties_merge
    ADD CONSTRAINT parties_merge_keep_id_fkey FOREIGN KEY (keep_id) REFERENCES public.parties_party(id);
ALTER TABLE ONLY public.parties_party
    ADD CONSTRAINT parties_party_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES public.parties_party(id);
ALTER TABLE ONLY public.parties_role
    ADD CONSTRAINT parties_role_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.parties_party(id);
ALTER TABLE ONLY public.parties_role
    ADD CONSTRAINT parties_role_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.parties_party(id);
ALTER TABLE ONLY public.payments_attempt
    ADD CONSTRAINT payments_attempt_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments_payment(id);
ALTER TABLE ONLY public.payments_history
    ADD CONSTRAINT payments_history_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments_payment(id);
ALTER TABLE ONLY public.payments_refund
    ADD CONSTRAINT payments_refund_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments_payment(id);
ALTER TABLE ONLY public.pricing_list
    ADD CONSTRAINT pricing_list_group FOREIGN KEY (customer_group) REFERENCES public.pricing_group(code);
ALTER TABLE ONLY public.pricing_member
    ADD CONSTRAINT pricing_member_group FOREIGN KEY (group_code) REFERENCES public.pricing_group(code);
ALTER TABLE ONLY public.pricing_price
    ADD CONSTRAINT pricing_price_list FOREIGN KEY (price_list_id) REFERENCES public.pricing_list(id);
ALTER TABLE ONLY public.receipts_line
    ADD CONSTRAINT receipts_line_receipt_id_fkey FOREIGN KEY (receipt_id) REFERENCES public.receipts_receipt(id);
ALTER TABLE ONLY public.receipts_receipt
    ADD CONSTRAINT receipts_receipt_original_id_fkey FOREIGN KEY (original_id) REFERENCES public.receipts_receipt(id);
ALTER TABLE ONLY public.retailcrm_arrival
    ADD CONSTRAINT retailcrm_arrival_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.retailcrm_connection(id);
ALTER TABLE ONLY public.retailcrm_link
    ADD CONSTRAINT retailcrm_link_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.retailcrm_connection(id);
ALTER TABLE ONLY public.retailcrm_market
    ADD CONSTRAINT retailcrm_market_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.retailcrm_connection(id);
ALTER TABLE ONLY public.retailcrm_outgoing
    ADD CONSTRAINT retailcrm_outgoing_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.retailcrm_connection(id);
ALTER TABLE ONLY public.retailcrm_refusal
    ADD CONSTRAINT retailcrm_refusal_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.retailcrm_connection(id);
ALTER TABLE ONLY public.retailcrm_stock
    ADD CONSTRAINT retailcrm_stock_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.retailcrm_connection(id);
ALTER TABLE ONLY public.rollout_history
    ADD CONSTRAINT rollout_history_feature_code_fkey FOREIGN KEY (feature_code) REFERENCES public.rollout_feature(code);
ALTER TABLE ONLY public.rollout_member
    ADD CONSTRAINT rollout_member_audience_id_fkey FOREIGN KEY (audience_id) REFERENCES public.rollout_audience(id);
ALTER TABLE ONLY public.search_code
    ADD CONSTRAINT search_code_product FOREIGN KEY (product) REFERENCES public.search_product(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.search_text
    ADD CONSTRAINT search_text_product FOREIGN KEY (product) REFERENCES public.search_product(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.stock_binding
    ADD CONSTRAINT stock_binding_reservation_id_fkey FOREIGN KEY (reservation_id) REFERENCES public.stock_reservation(id);
ALTER TABLE ONLY public.stock_channel_warehouse
    ADD CONSTRAINT stock_channel_warehouse_warehouse_id_fkey FOREIGN KEY (warehouse_id) REFERENCES public.stock_warehouse(id);
ALTER TABLE ONLY public.stock_reservation_line
    ADD CONSTRAINT stock_reservation_line_reservation_id_fkey FOREIGN KEY (reservation_id) REFERENCES public.stock_reservation(id);
ALTER TABLE ONLY public.stock_sent
    ADD CONSTRAINT stock_sent_reservation_id_fkey FOREIGN KEY (reservation_id) REFERENCES public.stock_reservation(id);
ALTER TABLE ONLY public.stock_shipment
    ADD CONSTRAINT stock_shipment_reservation_id_fkey FOREIGN KEY (reservation_id) REFERENCES public.stock_reservation(id);
ALTER TABLE ONLY public.webhook_attempt
    ADD CONSTRAINT webhook_attempt_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.webhook_message(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhook_message
    ADD CONSTRAINT webhook_message_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES public.webhook_endpoint(id);
ALTER TABLE ONLY public.webhook_secret
    ADD CONSTRAINT webhook_secret_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES public.webhook_endpoint(id) ON DELETE CASCADE;
