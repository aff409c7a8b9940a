<#
.SYNOPSIS
    Shows what became of eSIMs that were handed out through Intune.

.DESCRIPTION
    Lists the activation code pools whose names begin with a prefix, with the state of each
    device: notEvaluated, installing, installed, failed, error, deleting, deleted or
    removedByUser. A pool that no device has answered for yet is shown as notEvaluated.

    Needs the module Microsoft.Graph.Authentication and a session:
        Connect-MgGraph -Scopes 'DeviceManagementConfiguration.Read.All'

.PARAMETER NamePrefix
    What the pools' names begin with.

.PARAMETER Iccid
    Only this profile.

.EXAMPLE
    ./Get-EsimStatus.ps1 | Where-Object State -ne 'installed'

.OUTPUTS
    One object a device: Pool, PoolId, Iccid, DeviceName, UserName, State, Details, Changed.
#>
#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication
[CmdletBinding()]
[OutputType([pscustomobject])]
param(
    [ValidatePattern('^[A-Za-z0-9_-]{1,32}$')]
    [string] $NamePrefix = 'esimd',

    [ValidatePattern('^[0-9]{19}[0-9]?$')]
    [string] $Iccid
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$context = Get-MgContext
if ($null -eq $context) {
    throw 'There is no session with Graph: run Connect-MgGraph first.'
}
$graph = (Get-MgEnvironment -Name $context.Environment).GraphEndpoint
$pools = "$graph/beta/deviceManagement/embeddedSIMActivationCodePools"

function Get-GraphList {
    # All pages of a list. Replies are hashtables: strict mode minds a dot before a key
    # that is not there, and does not mind brackets.
    [CmdletBinding()]
    [OutputType([object[]])]
    param([Parameter(Mandatory)] [string] $Uri)

    while ($Uri) {
        $page = Invoke-MgGraphRequest -Method GET -Uri $Uri
        $page['value']
        $Uri = $page['@odata.nextLink']
    }
}

function ConvertTo-Status {
    # A device's state, or a pool's without any.
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory)] [object] $Pool,
        [object] $State
    )

    $known = $null -ne $State
    [pscustomobject]@{
        Pool       = $Pool['displayName']
        PoolId     = $Pool['id']
        Iccid      = if ($known) { $State['universalIntegratedCircuitCardIdentifier'] }
        DeviceName = if ($known) { $State['deviceName'] }
        UserName   = if ($known) { $State['userName'] }
        State      = if ($known) { $State['state'] } else { 'notEvaluated' }
        Details    = if ($known) { $State['stateDetails'] }
        Changed    = if ($known) { $State['modifiedDateTime'] }
    }
}

$wanted = Get-GraphList -Uri $pools | Where-Object { $_['displayName'] -like "$NamePrefix-*" }
$all = foreach ($pool in $wanted) {
    $states = @(Get-GraphList -Uri "$pools/$($pool['id'])/deviceStates")
    if ($states.Count -eq 0) {
        ConvertTo-Status -Pool $pool
    }
    foreach ($state in $states) {
        ConvertTo-Status -Pool $pool -State $state
    }
}
# A pool that no device has answered for is known by its name alone.
$all | Where-Object { -not $Iccid -or $_.Iccid -eq $Iccid -or $_.Pool -like "*-$Iccid" }
