CREATE TABLE "changes" (
  "revision" integer primary key autoincrement,
  "kind" text not null,
  "key" text not null);

CREATE TABLE "containers" (
  "name" text primary key,
  "pool" text not null,
  "number" integer not null,
  "port" integer not null,
  "state" text not null check (state in ('creating', 'ready', 'reserved', 'removing', 'broken', 'quarantined')),
  "since" bigint not null,
  "generation" integer not null,
  "engine_id" text,
  "host_key" text,
  "attempts" integer not null,
  "retry_at" bigint not null,
  "error" text,
  "host" text,
  "node" text,
  "host_public_key" text,
  "reset_at" integer,
  constraint "containers_place" unique ("pool", "number"));

CREATE INDEX "containers_ready" on "containers" ("pool", "number") where "state" = 'ready';

CREATE TRIGGER "containers_insert" after insert on "containers" begin
          insert into changes (kind, key) select 'container', new.name;
        end;

CREATE TRIGGER "containers_update" after update on "containers" begin
          insert into changes (kind, key) select 'container', old.name union select 'container', new.name;
        end;

CREATE TRIGGER "containers_delete" after delete on "containers" begin
          insert into changes (kind, key) select 'container', old.name;
        end;

CREATE TABLE "database_identity" (
  "one" integer primary key check (one = 1),
  "id" text not null,
  "ledger" text,
  "instance" text,
  "secret_check" text);

CREATE TABLE "events" (
  "id" integer primary key autoincrement,
  "at" bigint not null,
  "kind" text not null,
  "by" text not null,
  "pool" text,
  "container" text,
  "generation" integer,
  "reservation" text,
  "owner" text,
  "username" text,
  "detail" text);

CREATE INDEX "events_owner" on "events" ("owner", "id");

CREATE INDEX "events_reservation" on "events" ("reservation", "id");

CREATE TABLE "gateways" (
  "name" text not null primary key,
  "address" text not null,
  "started_at" bigint not null,
  "until" bigint not null,
  "applied_change" bigint);

CREATE TABLE "holds" (
  "reservation_id" text not null references "reservations" ("id"),
  "container" text not null,
  "account_generation" integer,
  "current" integer check ("current" = 1),
  constraint "holds_pk" primary key ("reservation_id", "container"));

CREATE UNIQUE INDEX "holds_one_per_container" on "holds" ("container") where "current" = 1;

CREATE TRIGGER "holds_insert" after insert on "holds" begin
          insert into changes (kind, key) select 'reservation', id from reservations where id = new.reservation_id and state != 'ended';
        end;

CREATE TRIGGER "holds_update" after update on "holds" begin
          insert into changes (kind, key) select 'reservation', id from reservations where id = old.reservation_id and state != 'ended' union select 'reservation', id from reservations where id = new.reservation_id and state != 'ended';
        end;

CREATE TRIGGER "holds_delete" after delete on "holds" begin
          insert into changes (kind, key) select 'reservation', id from reservations where id = old.reservation_id and state != 'ended';
        end;

CREATE TABLE "kysely_migration" (
  "name" varchar(255) not null primary key,
  "timestamp" varchar(255) not null);

CREATE TABLE "kysely_migration_lock" (
  "id" varchar(255) not null primary key,
  "is_locked" integer default 0 not null);

CREATE TABLE "leaders" (
  "work" text primary key,
  "manager" text,
  "term" bigint not null,
  "renewals" bigint not null);

CREATE TABLE "managers" (
  "name" text primary key,
  "address" text not null,
  "version" text,
  "started_at" bigint,
  "seen_at" bigint,
  "until" bigint,
  "clock_offset" bigint,
  "applied_change" bigint);

CREATE TABLE "pool_facts" (
  "pool" text primary key,
  "os" text not null,
  "names" text not null);

CREATE TABLE "pool_sizes" (
  "pool" text primary key,
  "size" integer not null);

CREATE TRIGGER "pool_sizes_insert" after insert on "pool_sizes" begin
          insert into changes (kind, key) select 'pool_size', new.pool;
        end;

CREATE TRIGGER "pool_sizes_update" after update on "pool_sizes" begin
          insert into changes (kind, key) select 'pool_size', old.pool union select 'pool_size', new.pool;
        end;

CREATE TRIGGER "pool_sizes_delete" after delete on "pool_sizes" begin
          insert into changes (kind, key) select 'pool_size', old.pool;
        end;

CREATE TABLE "refusals" (
  "at" bigint not null,
  "pool" text not null,
  "code" text not null,
  "count" integer not null,
  constraint "refusals_pk" primary key ("at", "pool", "code"));

CREATE TABLE "request_counts" (
  "key" text not null primary key,
  "began" bigint not null,
  "count" integer not null);

CREATE TABLE "requests" (
  "owner" text not null,
  "key" text not null,
  "body" text not null,
  "salt" text not null,
  "reservation_id" text not null references "reservations" ("id"),
  "created_at" bigint not null,
  constraint "requests_pk" primary key ("owner", "key"));

CREATE INDEX "requests_age" on "requests" ("created_at");

CREATE INDEX "requests_reservation" on "requests" ("reservation_id");

CREATE TABLE "reservations" (
  "id" text primary key,
  "pool" text not null,
  "owner" text not null,
  "username" text not null,
  "password_hash" text,
  "ssh_keys" text not null,
  "state" text not null check (state in ('waiting', 'preparing', 'active', 'ending', 'ended')),
  "count" integer not null,
  "created_at" bigint not null,
  "duration_ms" bigint not null,
  "prepare_by" bigint not null,
  "promised" integer not null,
  "wait_until" bigint,
  "position" bigint,
  "active_at" bigint,
  "expires_at" bigint,
  "keepalive_ms" bigint,
  "alive_until" bigint,
  "notified_end" bigint,
  "notified_left" bigint,
  "ended_at" bigint,
  "outcome" text check (outcome in ('released', 'expired', 'abandoned', 'failed', 'cancelled')),
  "reason" text,
  "note" text,
  "preparer" text,
  "name" text,
  "held_at" integer);

CREATE INDEX "reservations_open" on "reservations" ("created_at", "id") where "state" != 'ended';

CREATE INDEX "reservations_waiting" on "reservations" ("pool", "position") where "state" = 'waiting';

CREATE INDEX "reservations_newest" on "reservations" ("created_at", "id");

CREATE INDEX "reservations_owned" on "reservations" ("owner") where "state" != 'ended';

CREATE TRIGGER "reservations_insert" after insert on "reservations" begin
          insert into changes (kind, key) select 'reservation', new.id where new.state != 'ended';
        end;

CREATE TRIGGER "reservations_update" after update on "reservations" begin
          insert into changes (kind, key) select 'reservation', old.id where old.state != 'ended' union select 'reservation', new.id where new.state != 'ended';
        end;

CREATE TRIGGER "reservations_delete" after delete on "reservations" begin
          insert into changes (kind, key) select 'reservation', old.id where old.state != 'ended';
        end;

CREATE TABLE "sessions" (
  "id" text primary key,
  "hash" text not null,
  "name" text not null,
  "role" text not null check (role in ('admin', 'user')),
  "limits" text not null,
  "token_id" text references "tokens" ("id") on delete cascade,
  "issuer" text,
  "created_at" bigint not null,
  "last_used_at" bigint not null,
  "ends_at" bigint not null,
  "address" text not null,
  "user_agent" text not null);

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE "terminals" (
  "id" text not null primary key,
  "reservation" text not null,
  "container" text not null,
  "generation" integer not null,
  "persistent" integer not null,
  "created_at" integer not null,
  "viewed_at" integer not null,
  "manager" text);

CREATE INDEX "terminals_of_reservation" on "terminals" ("reservation");

CREATE TABLE "tickets" (
  "hash" text not null primary key,
  "terminal" text not null,
  "by" text not null,
  "credential" text not null,
  "until" bigint not null);

CREATE TABLE "tokens" (
  "id" text primary key,
  "name" text not null,
  "role" text not null check (role in ('admin', 'user')),
  "hash" text not null,
  "created_at" bigint not null,
  "expires_at" bigint,
  "limits" text not null,
  "last_used_at" bigint);
