-- Two roles without a login. loan_loader owns what the loader writes and nothing else: the loader takes it on when it has
-- connected, whoever it connected as. loan_analyst reads.
-- A user who may not make roles goes on without them, as the owner of everything.
do $$
declare
    owned record;
    wanted text;
begin
    foreach wanted in array array['loan_loader', 'loan_analyst'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception
                -- Roles belong to the server: another database may make them at this moment.
                when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
    if not pg_has_role('loan_loader', 'member') then
        execute format('grant loan_loader to %I', current_user);
    end if;
    for owned in
        select nspname from pg_namespace where nspname in ('ingest', 'source', 'superseded', 'history', 'mart')
    loop
        execute format('alter schema %I owner to loan_loader', owned.nspname);
    end loop;
    for owned in
        select oid::regclass as name, relkind
        from pg_class
        where relnamespace in (select oid from pg_namespace where nspname in ('ingest', 'source', 'superseded', 'history', 'mart'))
            and relkind in ('r', 'p', 'v')
    loop
        execute format('alter %s %s owner to loan_loader', case owned.relkind when 'v' then 'view' else 'table' end, owned.name);
    end loop;
    alter function history.key_of_id owner to loan_loader;
    alter function history.key_of_occurrence owner to loan_loader;
    alter function history.id_of_key owner to loan_loader;
    grant create on schema public to loan_loader;
    alter table public.master_loan owner to loan_loader;
    revoke create on schema public from loan_loader;

    grant usage on schema mart, ingest to loan_analyst;
    grant select on all tables in schema mart to loan_analyst;
    grant select on public.master_loan, ingest.files, ingest.rejects, ingest.drift, ingest.totals, ingest.columns to loan_analyst;
    alter default privileges for role loan_loader in schema mart grant select on tables to loan_analyst;
exception
    when insufficient_privilege then
        raise notice 'no roles were made: %', sqlerrm;
end $$;
