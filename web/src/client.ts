/**
 * Cairn
 * 1
 * DO NOT MODIFY - This file has been generated using oazapfts.
 * See https://www.npmjs.com/package/oazapfts
 */
import * as Oazapfts from "@oazapfts/runtime";
import * as QS from "@oazapfts/runtime/query";
export const defaults: Oazapfts.Defaults<Oazapfts.CustomHeaders> = {
    headers: {},
    baseUrl: "/"
};
const oazapfts = Oazapfts.runtime(defaults);
export const servers = {
    server1: "/"
};
export type NewConnectionInput = {
    /** For people: `production`, `shop staging`. */
    name: string;
    /** All its changes belong to it, those that are there already as well. */
    environmentId?: string | null;
    /** CloudTrail keeps 90 days. */
    lookbackDays?: number;
    pollIntervalSeconds?: number;
    /** Only events that change something, or reads as well. */
    selection?: "changes" | "all";
};
export type Connection = {
    id: string;
    name: string;
    /** Made by Cairn; part of the role's trust policy. */
    externalId: string;
    roleArn: string | null;
    accountId: string | null;
    partition: string | null;
    status: "awaiting_role" | "verifying" | "waiting_for_aws" | "importing" | "current" | "behind" | "action_needed" | "paused" | "deleting";
    statusReason: string | null;
    /** Since when it has this status. */
    since: string;
    environmentId: string | null;
    selection: "changes" | "all";
    lookbackDays: number;
    pollIntervalSeconds: number;
    /** The live edge over all active regions: every event up to here is imported, but for the gaps that coverage names. Null while a region has nothing settled. */
    completeThrough: string | null;
    nextPollAt: string | null;
    /** Its workflow's page in Temporal's UI, when that is known. */
    workflowUrl: string | null;
    createdAt: string;
};
export type ConnectionSettingsInput = {
    /** For people: `production`, `shop staging`. */
    name?: string;
    /** All its changes belong to it, those that are there already as well. */
    environmentId?: string | null;
    /** CloudTrail keeps 90 days. */
    lookbackDays?: number;
    pollIntervalSeconds?: number;
    /** Only events that change something, or reads as well. */
    selection?: "changes" | "all";
    /** The ARN of the role that trusts Cairn. Null takes the connection's role away. */
    roleArn?: string | null;
    /** Imports stop; what is missed meanwhile is a gap that is filled later. */
    paused?: boolean;
};
export type DeletedConnection = {
    id: string;
    name: string;
    /** Made by Cairn; part of the role's trust policy. */
    externalId: string;
    roleArn: string | null;
    accountId: string | null;
    partition: string | null;
    status: "awaiting_role" | "verifying" | "waiting_for_aws" | "importing" | "current" | "behind" | "action_needed" | "paused" | "deleting";
    statusReason: string | null;
    /** Since when it has this status. */
    since: string;
    environmentId: string | null;
    selection: "changes" | "all";
    lookbackDays: number;
    pollIntervalSeconds: number;
    /** The live edge over all active regions: every event up to here is imported, but for the gaps that coverage names. Null while a region has nothing settled. */
    completeThrough: string | null;
    nextPollAt: string | null;
    /** Its workflow's page in Temporal's UI, when that is known. */
    workflowUrl: string | null;
    createdAt: string;
    /** What is left to remove in AWS; null when there was no role. */
    cleanUp: {
        means: string;
        ways: {
            way: "terraform" | "cloudFormation" | "cli";
            title: string;
            command: string;
        }[];
    } | null;
};
export type Verification = {
    /** Null: not verified yet, or not since the role was changed. While one runs, `checks` has what it found so far; those that are to come are waiting. */
    state: ("passed" | "failed" | "waiting" | "running") | null;
    /** When the last verification ended. */
    verifiedAt: string | null;
    checks: {
        id: "arn_format" | "account_unused" | "assume_with_id" | "refused_without_id" | "refused_wrong_id" | "identity" | "lookup_events" | "trails";
        region?: string;
        state: "passed" | "failed" | "waiting" | "skipped";
        saw: string;
        means: string;
        remedy: string | null;
        /** What mends it, to paste. */
        snippets: {
            title: string;
            language: "json" | "bash";
            text: string;
        }[];
    }[];
    /** What nobody can see from outside the account. */
    notProvable: {
        id: "who_else";
        means: string;
        /** What it prints can be sent to `trust-review`, which judges it. */
        command: string;
    }[];
};
export type Coverage = {
    regions: {
        region: string;
        state: "active" | "denied" | "not_enabled";
        /** The live edge: imported up to here, but for what is listed beside it. */
        completeThrough: string | null;
        /** Half-open [from, to) in whole seconds. */
        settled: string[][];
        /** Wanted and not imported yet. */
        gaps: string[][];
        /** Not imported, and gone from CloudTrail. */
        lost: string[][];
        /** Gaps passed over: these seconds could not be read whole after several tries. */
        setAside: string[][];
        backfill: {
            percent: number;
            etaSeconds: number | null;
        };
        events: number;
        requests: number;
        throttled: number;
        lateEvents: number;
        lastError: string | null;
        nextPollAt: string;
    }[];
};
export type ImportSummary = {
    startedAt: string;
    finishedAt: string;
    regions: number;
    imported: number;
    requests: number;
    throttled: number;
    completeThrough: string | null;
    lagSeconds: number | null;
    gapSeconds: number;
    status: string;
    statusReason: string | null;
    failing: {
        region: string;
        error: string;
    }[];
    nextPollAt: string;
};
export type NewConnectionsInput = {
    /** One connection is made for each. They are named after the account. */
    accountIds: string[];
    /** What the role is called in every one of the accounts. */
    roleName?: string;
    rolePath?: string;
    /** All its changes belong to it, those that are there already as well. */
    environmentId?: string | null;
    /** CloudTrail keeps 90 days. */
    lookbackDays?: number;
    pollIntervalSeconds?: number;
    /** Only events that change something, or reads as well. */
    selection?: "changes" | "all";
};
export type MadeConnections = {
    items: Connection[];
    /** By account id, as JSON: for `terraform.tfvars.json`, StackSets and scripts. */
    externalIds: {
        [key: string]: string;
    };
    /** The same in HCL, to use in `for_each`. */
    terraform: string;
};
export type Principal = {
    /** The IAM role that Cairn runs as; null while that is not certain. Roles trust it. */
    arn: string | null;
    state: "certain" | "uncertain" | "unusable" | "unknown";
    saw: string;
    means: string;
    remedy: string | null;
};
export type Setup = {
    externalId: string;
    roleName: string;
    rolePath: string;
    /** Where the commands make the stack. */
    region: string;
    principal: Principal;
    /** Null while Cairn's principal is not certain, as all that names it. */
    terraform: {
        /** The block and its output, in HCL. */
        "module": string;
        commands: {
            title: string;
            command: string;
        }[];
        download: {
            url: string;
            fileName: string;
        };
    } | null;
    cloudFormation: {
        quickCreate: {
            links: {
                region: string;
                url: string;
            }[];
            /** Why there are no links. */
            why: string | null;
        };
        /** The values of the template's parameters. */
        parameters: {
            [key: string]: string;
        };
        commands: {
            title: string;
            command: string;
        }[];
        download: {
            url: string;
            fileName: string;
        };
    } | null;
    cli: {
        commands: {
            title: string;
            command: string;
        }[];
    } | null;
    policies: {
        trust: {
            [key: string]: any;
        } | null;
        permissions: {
            [key: string]: any;
        };
        /** What Cairn narrows each of its sessions to: the actions used today. */
        session: {
            [key: string]: any;
        };
        actions: {
            action: string;
            purpose: string;
            used: boolean;
        }[];
    };
};
export type PastedRoleInput = {
    /** The output of `aws iam get-role --role-name NAME`, as JSON or YAML, or the trust policy alone. */
    role: string;
};
export type TrustReview = {
    /** `safe`: nobody but Cairn's account gets in, and only with the external ID. `unclear`: somebody else is trusted, Cairn is not let in, or something could not be read. `another_role`: it is not the connection's role. */
    verdict: "safe" | "unsafe" | "unclear" | "another_role";
    summary: string;
    trusted: {
        who: string;
        /** As the policy names it. */
        principal: string;
        /** The condition, in words. */
        how: string;
        judgement: "expected" | "wider" | "other" | "dangerous";
        means: string;
        /** What to write instead of the statement, or its condition alone: JSON. */
        remedy: string | null;
    }[];
    notes: string[];
    /** A trust policy for Cairn and nobody else: JSON. */
    remedy: string | null;
};
export type Change = {
    id: string;
    source: string;
    /** For CloudTrail the event id. */
    sourceId: string;
    occurredAt: string;
    importedAt: string;
    /** One sentence. Texts hold what strangers wrote. */
    summary: string;
    actor: {
        kind: string;
        name: string;
        id: string;
        [key: string]: any;
    };
    tool: {
        name: string;
        label: string;
        [key: string]: any;
    };
    service: string;
    action: string;
    resources: {
        "type": string;
        id: string;
        [key: string]: any;
    }[];
    outcome: "succeeded" | "failed" | "denied";
    error?: {
        code: string;
        [key: string]: any;
    };
    region: string | null;
    accountId: string | null;
    /** Ids of those it belongs to, in their order. */
    environments: string[];
    changeSetId: string | null;
    /** Why it is routine; null when it is not. */
    noise: string | null;
    edits: {
        field: string;
        [key: string]: any;
    }[];
    risks: string[];
    publicAccess?: string;
    links: {
        label: string;
        url: string;
    }[];
    connectionId: string | null;
};
export type ChangePage = {
    items: Change[];
    /** Null: this is the last page. */
    nextCursor: string | null;
    /** The earliest live edge of the connections that are asked for and have begun to import; `status` of the others tells why they have not. Null while one of them has a region without anything imported. There may be gaps before it, but for what `completeFrom` says. */
    completeThrough: string | null;
    /** From here on everything up to `completeThrough` is imported: in every active region of the connections that are asked for, without a gap. Null when there is no such time. */
    completeFrom: string | null;
};
export type ChangeSet = {
    /** Stays, whatever else turns out to belong to it. */
    id: string;
    /** What was done, in a sentence. */
    headline: string;
    /** When its first change occurred. */
    "from": string;
    /** When its last change occurred. */
    to: string;
    /** How many there are that match the filters. */
    changes: number;
    /** How many of them failed or were denied. */
    failures: number;
    actors: string[];
    tools: string[];
    services: string[];
    /** Ids of AWS accounts. */
    accounts: string[];
    regions: string[];
    /** Ids of those it belongs to, in their order. */
    environments: string[];
    /** What was opened to everyone. */
    publicAccess: string[];
    /** The change itself where only one matches the filters. */
    only: Change | null;
};
export type ChangeSetPage = {
    items: ChangeSet[];
    /** Null: this is the last page. */
    nextCursor: string | null;
    /** The earliest live edge of the connections that are asked for and have begun to import; `status` of the others tells why they have not. Null while one of them has a region without anything imported. There may be gaps before it, but for what `completeFrom` says. */
    completeThrough: string | null;
    /** From here on everything up to `completeThrough` is imported: in every active region of the connections that are asked for, without a gap. Null when there is no such time. */
    completeFrom: string | null;
};
export type ChangeWithRecord = {
    id: string;
    source: string;
    /** For CloudTrail the event id. */
    sourceId: string;
    occurredAt: string;
    importedAt: string;
    /** One sentence. Texts hold what strangers wrote. */
    summary: string;
    actor: {
        kind: string;
        name: string;
        id: string;
        [key: string]: any;
    };
    tool: {
        name: string;
        label: string;
        [key: string]: any;
    };
    service: string;
    action: string;
    resources: {
        "type": string;
        id: string;
        [key: string]: any;
    }[];
    outcome: "succeeded" | "failed" | "denied";
    error?: {
        code: string;
        [key: string]: any;
    };
    region: string | null;
    accountId: string | null;
    /** Ids of those it belongs to, in their order. */
    environments: string[];
    changeSetId: string | null;
    /** Why it is routine; null when it is not. */
    noise: string | null;
    edits: {
        field: string;
        [key: string]: any;
    }[];
    risks: string[];
    publicAccess?: string;
    links: {
        label: string;
        url: string;
    }[];
    connectionId: string | null;
    /** As the source sent it. */
    record: any;
};
export type Histogram = {
    "from": string;
    to: string;
    bucketSeconds: number;
    /** Without a gap, the empty ones too. They begin at whole minutes, hours, days or weeks of UTC: the first and the last may reach out of the window, and count only what is in it. */
    buckets: {
        "from": string;
        total: number;
        /** How many of them failed or were denied. */
        failed: number;
    }[];
    total: number;
    /** The earliest live edge of the connections that are asked for and have begun to import; `status` of the others tells why they have not. Null while one of them has a region without anything imported. There may be gaps before it, but for what `completeFrom` says. */
    completeThrough: string | null;
    /** From here on everything up to `completeThrough` is imported: in every active region of the connections that are asked for, without a gap. Null when there is no such time. */
    completeFrom: string | null;
};
export type Facets = {
    "from": string;
    to: string;
    fields: {
        source: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
        service: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
        region: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
        account: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
        actor: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
        tool: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
        action: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
        outcome: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
        connection: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
        environment: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
        resource: {
            /** What the filter of this field takes. */
            value: string;
            count: number;
            /** What people call it, when not so. */
            label?: string;
        }[];
    };
    /** How many are routine, and how many are not, whatever `noise` says. */
    noise: {
        hidden: number;
        shown: number;
    };
    /** How many match all filters. */
    total: number;
};
export type User = {
    id: string;
    name: string;
    email: string;
};
export type Me = {
    /** Null: an API key asks. */
    user: User | null;
    organization: {
        id: string;
        name: string;
    };
    role: ("owner" | "member") | null;
    /** Where Temporal's UI is, when that is known. */
    temporalUrl: string | null;
    /** This is `npm run demo`: its AWS account is simulated. */
    demo: boolean;
    version: string;
};
export type Member = {
    id: string;
    user: User;
    role: "owner" | "member";
    createdAt: string;
};
export type NewInvitationInput = {
    /** The only address that it can be accepted with. Left out: any. */
    email?: string;
    role?: "owner" | "member";
};
export type MadeInvitation = {
    id: string;
    email: string | null;
    role: "owner" | "member";
    createdAt: string;
    expiresAt: string;
    /** The link to send. It is shown this once, and whoever has it can use it, once. */
    url: string;
};
export type Invitation = {
    id: string;
    email: string | null;
    role: "owner" | "member";
    createdAt: string;
    expiresAt: string;
};
export type ApiKey = {
    id: string;
    name: string;
    /** How it begins; null for keys that Cairn did not make. */
    prefix: string | null;
    /** The address of the owner who made it; null for those of the installation. */
    createdBy: string | null;
    createdAt: string;
    /** To the hour. */
    lastUsedAt: string | null;
    revokedAt: string | null;
};
export type NewApiKeyInput = {
    /** For people: what will use it. */
    name: string;
};
export type MadeApiKey = {
    id: string;
    name: string;
    /** How it begins; null for keys that Cairn did not make. */
    prefix: string | null;
    /** The address of the owner who made it; null for those of the installation. */
    createdBy: string | null;
    createdAt: string;
    /** To the hour. */
    lastUsedAt: string | null;
    revokedAt: string | null;
    /** The key itself. It is shown this once. */
    key: string;
};
export type Environment = {
    id: string;
    name: string;
    color: "blue" | "orange" | "teal" | "grape" | "red" | "lime" | "indigo" | "yellow" | "cyan" | "pink" | "green" | "violet" | "gray";
    /** From 0 on, without holes. */
    position: number;
    createdAt: string;
    /** Of how many connections it is the default. */
    connections: number;
};
export type NewEnvironmentInput = {
    /** For people: `Production`, `shop staging`. No two differ in case alone. */
    name: string;
    /** One of Mantine's colours. Left out: one that fewest have. */
    color?: "blue" | "orange" | "teal" | "grape" | "red" | "lime" | "indigo" | "yellow" | "cyan" | "pink" | "green" | "violet" | "gray";
};
export type EnvironmentSettingsInput = {
    /** For people: `Production`, `shop staging`. No two differ in case alone. */
    name?: string;
    /** One of Mantine's colours. */
    color?: "blue" | "orange" | "teal" | "grape" | "red" | "lime" | "indigo" | "yellow" | "cyan" | "pink" | "green" | "violet" | "gray";
    /** Its new place, from 0 on; past the end is the end. */
    position?: number;
};
export type SignInInput = {
    email: string;
    password: string;
};
export type Session = {
    user: User | null;
    expiresAt: string | null;
    /** The path that signs in as the demo's owner; null where there is none for you. */
    demoSignIn: string | null;
};
export type ChangePasswordInput = {
    currentPassword: string;
    newPassword: string;
};
export type Welcome = {
    /** `owner`: the link of the first start, which makes the organization's owner. */
    kind: "owner" | "invitation";
    organization: {
        name: string;
    };
    role: "owner" | "member";
    /** The only address that it can be accepted with; null: any. */
    email: string | null;
    expiresAt: string;
};
export type NewcomerInput = {
    token: string;
    name: string;
    email: string;
    password: string;
};
/**
 * Whether the process is alive
 */
export function getHealth(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: {
            status: "alive";
        };
    }>("/healthz", {
        ...opts
    }));
}
/**
 * Whether requests can be served
 */
export function getReadiness(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: {
            status: "ready";
            temporal: "reachable" | "away";
        };
    }>("/readyz", {
        ...opts
    }));
}
/**
 * Make a connection
 */
export function createConnection(newConnectionInput: NewConnectionInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 201;
        data: Connection;
    }>("/api/v1/connections", oazapfts.json({
        ...opts,
        method: "POST",
        body: newConnectionInput
    })));
}
/**
 * All connections, oldest first
 */
export function listConnections(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: {
            items: Connection[];
        };
    }>("/api/v1/connections", {
        ...opts
    }));
}
/**
 * One connection
 */
export function getConnection(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Connection;
    }>(`/api/v1/connections/${encodeURIComponent(id)}`, {
        ...opts
    }));
}
/**
 * Change what is wanted of a connection
 */
export function updateConnection(id: string, connectionSettingsInput: ConnectionSettingsInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Connection;
    }>(`/api/v1/connections/${encodeURIComponent(id)}`, oazapfts.json({
        ...opts,
        method: "PATCH",
        body: connectionSettingsInput
    })));
}
/**
 * Delete a connection
 */
export function deleteConnection(id: string, { purge }: {
    purge?: "true" | "false";
} = {}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 202;
        data: DeletedConnection;
    }>(`/api/v1/connections/${encodeURIComponent(id)}${QS.query(QS.explode({
        purge
    }))}`, {
        ...opts,
        method: "DELETE"
    }));
}
/**
 * What was proven of the role
 */
export function getVerification(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Verification;
    }>(`/api/v1/connections/${encodeURIComponent(id)}/verification`, {
        ...opts
    }));
}
/**
 * Verify the role now
 */
export function verifyConnection(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Verification;
    }>(`/api/v1/connections/${encodeURIComponent(id)}/verify`, {
        ...opts,
        method: "POST"
    }));
}
/**
 * What is imported, by region
 */
export function getCoverage(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Coverage;
    }>(`/api/v1/connections/${encodeURIComponent(id)}/coverage`, {
        ...opts
    }));
}
/**
 * Import now, in every region
 */
export function importNow(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: ImportSummary;
    }>(`/api/v1/connections/${encodeURIComponent(id)}/import`, {
        ...opts,
        method: "POST"
    }));
}
/**
 * Make a connection for each of many accounts
 */
export function createConnections(newConnectionsInput: NewConnectionsInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 201;
        data: MadeConnections;
    }>("/api/v1/connections/bulk", oazapfts.json({
        ...opts,
        method: "POST",
        body: newConnectionsInput
    })));
}
/**
 * Everything to create the role, filled in
 */
export function getSetup(id: string, { roleName, rolePath, region }: {
    roleName?: string;
    rolePath?: string;
    region?: string;
} = {}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Setup;
    }>(`/api/v1/connections/${encodeURIComponent(id)}/setup${QS.query(QS.explode({
        roleName,
        rolePath,
        region
    }))}`, {
        ...opts
    }));
}
/**
 * The Terraform module that creates the role
 */
export function downloadTerraformModule(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchBlob<{
        status: 200;
        data: any;
    }>(`/api/v1/connections/${encodeURIComponent(id)}/setup/terraform`, {
        ...opts
    }));
}
/**
 * The CloudFormation template that creates the role
 */
export function downloadCloudFormationTemplate(id: string, { roleName, rolePath, region }: {
    roleName?: string;
    rolePath?: string;
    region?: string;
} = {}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchBlob<{
        status: 200;
        data: any;
    }>(`/api/v1/connections/${encodeURIComponent(id)}/setup/cloudformation${QS.query(QS.explode({
        roleName,
        rolePath,
        region
    }))}`, {
        ...opts
    }));
}
/**
 * Judge the trust policy of the role
 */
export function reviewTrust(id: string, pastedRoleInput: PastedRoleInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: TrustReview;
    }>(`/api/v1/connections/${encodeURIComponent(id)}/trust-review`, oazapfts.json({
        ...opts,
        method: "POST",
        body: pastedRoleInput
    })));
}
/**
 * The feed
 */
export function listChanges({ $from, to, q, noise, source, sourceQuery, service, serviceQuery, region, regionQuery, account, accountQuery, actor, actorQuery, tool, toolQuery, action, actionQuery, outcome, outcomeQuery, connection, connectionQuery, resource, resourceQuery, environment, environmentQuery, changeSet, changeSetQuery, request, requestQuery, limit, cursor, order }: {
    $from?: string;
    to?: string;
    q?: string;
    noise?: "true" | "false";
    source?: string | string[];
    sourceQuery?: string | string[];
    service?: string | string[];
    serviceQuery?: string | string[];
    region?: string | string[];
    regionQuery?: string | string[];
    account?: string | string[];
    accountQuery?: string | string[];
    actor?: string | string[];
    actorQuery?: string | string[];
    tool?: string | string[];
    toolQuery?: string | string[];
    action?: string | string[];
    actionQuery?: string | string[];
    outcome?: ("succeeded" | "failed" | "denied") | ("succeeded" | "failed" | "denied")[];
    outcomeQuery?: ("succeeded" | "failed" | "denied") | ("succeeded" | "failed" | "denied")[];
    connection?: string | string[];
    connectionQuery?: string | string[];
    resource?: string | string[];
    resourceQuery?: string | string[];
    environment?: string | string[];
    environmentQuery?: string | string[];
    changeSet?: string | string[];
    changeSetQuery?: string | string[];
    request?: string | string[];
    requestQuery?: string | string[];
    limit?: number;
    cursor?: string;
    order?: "desc" | "asc";
} = {}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: ChangePage;
    }>(`/api/v1/changes${QS.query(QS.explode({
        "from": $from,
        to,
        q,
        noise,
        source,
        "source!": sourceQuery,
        service,
        "service!": serviceQuery,
        region,
        "region!": regionQuery,
        account,
        "account!": accountQuery,
        actor,
        "actor!": actorQuery,
        tool,
        "tool!": toolQuery,
        action,
        "action!": actionQuery,
        outcome,
        "outcome!": outcomeQuery,
        connection,
        "connection!": connectionQuery,
        resource,
        "resource!": resourceQuery,
        environment,
        "environment!": environmentQuery,
        changeSet,
        "changeSet!": changeSetQuery,
        request,
        "request!": requestQuery,
        limit,
        cursor,
        order
    }))}`, {
        ...opts
    }));
}
/**
 * The feed by pieces of work, newest first
 */
export function listChangeSets({ $from, to, q, noise, source, sourceQuery, service, serviceQuery, region, regionQuery, account, accountQuery, actor, actorQuery, tool, toolQuery, action, actionQuery, outcome, outcomeQuery, connection, connectionQuery, resource, resourceQuery, environment, environmentQuery, changeSet, changeSetQuery, request, requestQuery, limit, cursor }: {
    $from?: string;
    to?: string;
    q?: string;
    noise?: "true" | "false";
    source?: string | string[];
    sourceQuery?: string | string[];
    service?: string | string[];
    serviceQuery?: string | string[];
    region?: string | string[];
    regionQuery?: string | string[];
    account?: string | string[];
    accountQuery?: string | string[];
    actor?: string | string[];
    actorQuery?: string | string[];
    tool?: string | string[];
    toolQuery?: string | string[];
    action?: string | string[];
    actionQuery?: string | string[];
    outcome?: ("succeeded" | "failed" | "denied") | ("succeeded" | "failed" | "denied")[];
    outcomeQuery?: ("succeeded" | "failed" | "denied") | ("succeeded" | "failed" | "denied")[];
    connection?: string | string[];
    connectionQuery?: string | string[];
    resource?: string | string[];
    resourceQuery?: string | string[];
    environment?: string | string[];
    environmentQuery?: string | string[];
    changeSet?: string | string[];
    changeSetQuery?: string | string[];
    request?: string | string[];
    requestQuery?: string | string[];
    limit?: number;
    cursor?: string;
} = {}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: ChangeSetPage;
    }>(`/api/v1/change-sets${QS.query(QS.explode({
        "from": $from,
        to,
        q,
        noise,
        source,
        "source!": sourceQuery,
        service,
        "service!": serviceQuery,
        region,
        "region!": regionQuery,
        account,
        "account!": accountQuery,
        actor,
        "actor!": actorQuery,
        tool,
        "tool!": toolQuery,
        action,
        "action!": actionQuery,
        outcome,
        "outcome!": outcomeQuery,
        connection,
        "connection!": connectionQuery,
        resource,
        "resource!": resourceQuery,
        environment,
        "environment!": environmentQuery,
        changeSet,
        "changeSet!": changeSetQuery,
        request,
        "request!": requestQuery,
        limit,
        cursor
    }))}`, {
        ...opts
    }));
}
/**
 * One change, with its record
 */
export function getChange(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: ChangeWithRecord;
    }>(`/api/v1/changes/${encodeURIComponent(id)}`, {
        ...opts
    }));
}
/**
 * How many changes there are over time
 */
export function getHistogram({ $from, to, q, noise, source, sourceQuery, service, serviceQuery, region, regionQuery, account, accountQuery, actor, actorQuery, tool, toolQuery, action, actionQuery, outcome, outcomeQuery, connection, connectionQuery, resource, resourceQuery, environment, environmentQuery, changeSet, changeSetQuery, request, requestQuery, buckets }: {
    $from?: string;
    to?: string;
    q?: string;
    noise?: "true" | "false";
    source?: string | string[];
    sourceQuery?: string | string[];
    service?: string | string[];
    serviceQuery?: string | string[];
    region?: string | string[];
    regionQuery?: string | string[];
    account?: string | string[];
    accountQuery?: string | string[];
    actor?: string | string[];
    actorQuery?: string | string[];
    tool?: string | string[];
    toolQuery?: string | string[];
    action?: string | string[];
    actionQuery?: string | string[];
    outcome?: ("succeeded" | "failed" | "denied") | ("succeeded" | "failed" | "denied")[];
    outcomeQuery?: ("succeeded" | "failed" | "denied") | ("succeeded" | "failed" | "denied")[];
    connection?: string | string[];
    connectionQuery?: string | string[];
    resource?: string | string[];
    resourceQuery?: string | string[];
    environment?: string | string[];
    environmentQuery?: string | string[];
    changeSet?: string | string[];
    changeSetQuery?: string | string[];
    request?: string | string[];
    requestQuery?: string | string[];
    buckets?: number;
} = {}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Histogram;
    }>(`/api/v1/changes/histogram${QS.query(QS.explode({
        "from": $from,
        to,
        q,
        noise,
        source,
        "source!": sourceQuery,
        service,
        "service!": serviceQuery,
        region,
        "region!": regionQuery,
        account,
        "account!": accountQuery,
        actor,
        "actor!": actorQuery,
        tool,
        "tool!": toolQuery,
        action,
        "action!": actionQuery,
        outcome,
        "outcome!": outcomeQuery,
        connection,
        "connection!": connectionQuery,
        resource,
        "resource!": resourceQuery,
        environment,
        "environment!": environmentQuery,
        changeSet,
        "changeSet!": changeSetQuery,
        request,
        "request!": requestQuery,
        buckets
    }))}`, {
        ...opts
    }));
}
/**
 * The most frequent values of each field
 */
export function getFacets({ $from, to, q, noise, source, sourceQuery, service, serviceQuery, region, regionQuery, account, accountQuery, actor, actorQuery, tool, toolQuery, action, actionQuery, outcome, outcomeQuery, connection, connectionQuery, resource, resourceQuery, environment, environmentQuery, changeSet, changeSetQuery, request, requestQuery }: {
    $from?: string;
    to?: string;
    q?: string;
    noise?: "true" | "false";
    source?: string | string[];
    sourceQuery?: string | string[];
    service?: string | string[];
    serviceQuery?: string | string[];
    region?: string | string[];
    regionQuery?: string | string[];
    account?: string | string[];
    accountQuery?: string | string[];
    actor?: string | string[];
    actorQuery?: string | string[];
    tool?: string | string[];
    toolQuery?: string | string[];
    action?: string | string[];
    actionQuery?: string | string[];
    outcome?: ("succeeded" | "failed" | "denied") | ("succeeded" | "failed" | "denied")[];
    outcomeQuery?: ("succeeded" | "failed" | "denied") | ("succeeded" | "failed" | "denied")[];
    connection?: string | string[];
    connectionQuery?: string | string[];
    resource?: string | string[];
    resourceQuery?: string | string[];
    environment?: string | string[];
    environmentQuery?: string | string[];
    changeSet?: string | string[];
    changeSetQuery?: string | string[];
    request?: string | string[];
    requestQuery?: string | string[];
} = {}, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Facets;
    }>(`/api/v1/changes/facets${QS.query(QS.explode({
        "from": $from,
        to,
        q,
        noise,
        source,
        "source!": sourceQuery,
        service,
        "service!": serviceQuery,
        region,
        "region!": regionQuery,
        account,
        "account!": accountQuery,
        actor,
        "actor!": actorQuery,
        tool,
        "tool!": toolQuery,
        action,
        "action!": actionQuery,
        outcome,
        "outcome!": outcomeQuery,
        connection,
        "connection!": connectionQuery,
        resource,
        "resource!": resourceQuery,
        environment,
        "environment!": environmentQuery,
        changeSet,
        "changeSet!": changeSetQuery,
        request,
        "request!": requestQuery
    }))}`, {
        ...opts
    }));
}
/**
 * What happens, as it happens
 */
export function listenToEvents(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchText("/api/v1/events", {
        ...opts
    }));
}
/**
 * Who asks
 */
export function getMe(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Me;
    }>("/api/v1/me", {
        ...opts
    }));
}
/**
 * All members, oldest first
 */
export function listMembers(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: {
            items: Member[];
        };
    }>("/api/v1/members", {
        ...opts
    }));
}
/**
 * Remove a member
 */
export function removeMember(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchText(`/api/v1/members/${encodeURIComponent(id)}`, {
        ...opts,
        method: "DELETE"
    }));
}
/**
 * Invite somebody
 */
export function createInvitation(newInvitationInput: NewInvitationInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 201;
        data: MadeInvitation;
    }>("/api/v1/invitations", oazapfts.json({
        ...opts,
        method: "POST",
        body: newInvitationInput
    })));
}
/**
 * The invitations that can still be accepted, oldest first
 */
export function listInvitations(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: {
            items: Invitation[];
        };
    }>("/api/v1/invitations", {
        ...opts
    }));
}
/**
 * Revoke an invitation
 */
export function revokeInvitation(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchText(`/api/v1/invitations/${encodeURIComponent(id)}`, {
        ...opts,
        method: "DELETE"
    }));
}
/**
 * All API keys, oldest first
 */
export function listApiKeys(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: {
            items: ApiKey[];
        };
    }>("/api/v1/api-keys", {
        ...opts
    }));
}
/**
 * Make an API key
 */
export function createApiKey(newApiKeyInput: NewApiKeyInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 201;
        data: MadeApiKey;
    }>("/api/v1/api-keys", oazapfts.json({
        ...opts,
        method: "POST",
        body: newApiKeyInput
    })));
}
/**
 * Revoke an API key
 */
export function revokeApiKey(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: ApiKey;
    }>(`/api/v1/api-keys/${encodeURIComponent(id)}`, {
        ...opts,
        method: "DELETE"
    }));
}
/**
 * All environments, in their order
 */
export function listEnvironments(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: {
            items: Environment[];
        };
    }>("/api/v1/environments", {
        ...opts
    }));
}
/**
 * Make an environment
 */
export function createEnvironment(newEnvironmentInput: NewEnvironmentInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 201;
        data: Environment;
    }>("/api/v1/environments", oazapfts.json({
        ...opts,
        method: "POST",
        body: newEnvironmentInput
    })));
}
/**
 * One environment
 */
export function getEnvironment(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Environment;
    }>(`/api/v1/environments/${encodeURIComponent(id)}`, {
        ...opts
    }));
}
/**
 * Rename, colour or move an environment
 */
export function updateEnvironment(id: string, environmentSettingsInput: EnvironmentSettingsInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Environment;
    }>(`/api/v1/environments/${encodeURIComponent(id)}`, oazapfts.json({
        ...opts,
        method: "PATCH",
        body: environmentSettingsInput
    })));
}
/**
 * Delete an environment
 */
export function deleteEnvironment(id: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Environment;
    }>(`/api/v1/environments/${encodeURIComponent(id)}`, {
        ...opts,
        method: "DELETE"
    }));
}
/**
 * Sign in
 */
export function signIn(signInInput: SignInInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: {
            user: User;
        };
    }>("/api/auth/sign-in/email", oazapfts.json({
        ...opts,
        method: "POST",
        body: signInInput
    })));
}
/**
 * Sign out
 */
export function signOut(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchText("/api/auth/sign-out", {
        ...opts,
        method: "POST"
    }));
}
/**
 * Who is signed in
 */
export function getSession(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Session;
    }>("/api/auth/get-session", {
        ...opts
    }));
}
/**
 * Change the password
 */
export function changePassword(changePasswordInput: ChangePasswordInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: {
            user: User;
        };
    }>("/api/auth/change-password", oazapfts.json({
        ...opts,
        method: "POST",
        body: changePasswordInput
    })));
}
/**
 * Sign out everywhere else
 */
export function revokeOtherSessions(opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchText("/api/auth/revoke-other-sessions", {
        ...opts,
        method: "POST"
    }));
}
/**
 * What a link to an account is for
 */
export function getWelcome(token: string, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 200;
        data: Welcome;
    }>(`/api/welcome${QS.query(QS.explode({
        token
    }))}`, {
        ...opts
    }));
}
/**
 * Make the account that a link is for
 */
export function acceptWelcome(newcomerInput: NewcomerInput, opts?: Oazapfts.RequestOpts) {
    return oazapfts.ok(oazapfts.fetchJson<{
        status: 201;
        data: {
            user: User;
        };
    }>("/api/welcome", oazapfts.json({
        ...opts,
        method: "POST",
        body: newcomerInput
    })));
}
