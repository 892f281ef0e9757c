CREATE TABLE "containers" (
  "name" text primary key,
  "pool" text not null,
  "number" integer not null,
  "port" integer not null,
  "state" text not null check (state in ('creating', 'ready', 'reserved', 'removing', 'broken')),
  "since" bigint not null,
  "generation" integer not null,
  "engine_id" text,
  "host_key" text,
  "attempts" integer not null,
  "retry_at" bigint not null,
  "error" text,
  constraint "containers_place" unique ("pool", "number"));

CREATE INDEX "containers_ready" on "containers" ("pool", "number") where "state" = 'ready';

CREATE TABLE "holds" (
  "reservation_id" text not null references "reservations" ("id"),
  "container" text not null,
  "opened" integer,
  "open" integer check (open = 1),
  constraint "holds_pk" primary key ("reservation_id", "container"));

CREATE UNIQUE INDEX "holds_one_per_container" on "holds" ("container") where "open" = 1;

CREATE TABLE "kysely_migration" (
  "name" varchar(255) not null primary key,
  "timestamp" varchar(255) not null);

CREATE TABLE "kysely_migration_lock" (
  "id" varchar(255) not null primary key,
  "is_locked" integer default 0 not null);

CREATE TABLE "pool_facts" (
  "pool" text primary key,
  "os" text not null,
  "names" text not null);

CREATE TABLE "reservations" (
  "id" text primary key,
  "pool" text not null,
  "username" text not null,
  "password_hash" text,
  "ssh_keys" text not null,
  "state" text not null check (state in ('preparing', 'active', 'ending', 'ended')),
  "created_at" bigint not null,
  "duration_ms" bigint not null,
  "prepare_by" bigint not null,
  "active_at" bigint,
  "expires_at" bigint,
  "keepalive_ms" bigint,
  "alive_until" bigint,
  "ended_at" bigint,
  "outcome" text check (outcome in ('released', 'expired', 'abandoned', 'failed')),
  "note" text);

CREATE INDEX "reservations_open" on "reservations" ("created_at", "id") where "state" != 'ended';

CREATE INDEX "reservations_newest" on "reservations" ("created_at", "id");
