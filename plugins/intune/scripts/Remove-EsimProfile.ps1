<#
.SYNOPSIS
    Takes back what Deploy-EsimProfile.ps1 or esimd made in Intune.

.DESCRIPTION
    Deletes activation code pools by name, and the groups that were made for them (known by
    their name and description). A profile
    that a device has installed may be removed from it by Intune when its pool is no longer
    assigned: look at Get-EsimStatus.ps1 first. The carrier is not told; cancel the profile
    there.

    Needs the module Microsoft.Graph.Authentication and a session:
        Connect-MgGraph -Scopes 'DeviceManagementConfiguration.ReadWrite.All', 'Group.ReadWrite.All'

.PARAMETER Name
    Whole names of pools, as Get-EsimStatus.ps1 shows them.

.PARAMETER NamePrefix
    Only names that begin so are touched.

.PARAMETER KeepGroup
    Leaves the groups.

.EXAMPLE
    ./Get-EsimStatus.ps1 | Where-Object State -eq 'failed' | ./Remove-EsimProfile.ps1 -WhatIf

.OUTPUTS
    One object a name: Name, PoolsRemoved, GroupsRemoved.
#>
#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
[OutputType([pscustomobject])]
param(
    [Parameter(Mandatory, ValueFromPipeline, ValueFromPipelineByPropertyName)]
    [Alias('Pool')]
    [ValidatePattern('^[A-Za-z0-9_-]{1,120}$')]
    [string[]] $Name,

    [ValidatePattern('^[A-Za-z0-9_-]{1,32}$')]
    [string] $NamePrefix = 'esimd',

    [switch] $KeepGroup
)

begin {
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'

    $context = Get-MgContext
    if ($null -eq $context) {
        throw 'There is no session with Graph: run Connect-MgGraph first.'
    }
    $graph = (Get-MgEnvironment -Name $context.Environment).GraphEndpoint
    $pools = "$graph/beta/deviceManagement/embeddedSIMActivationCodePools"
    $done = [System.Collections.Generic.HashSet[string]]::new()

    function Get-GraphList {
        # All pages of a list. Replies are hashtables: strict mode minds a dot before a
        # key that is not there, and does not mind brackets.
        [CmdletBinding()]
        [OutputType([object[]])]
        param([Parameter(Mandatory)] [string] $Uri)

        while ($Uri) {
            $page = Invoke-MgGraphRequest -Method GET -Uri $Uri
            $page['value']
            $Uri = $page['@odata.nextLink']
        }
    }

    $known = @(Get-GraphList -Uri $pools)
}

process {
    foreach ($one in $Name) {
        if ($one -notlike "$NamePrefix-*") {
            Write-Error -Message "${one}: its name does not begin with $NamePrefix-; it is left alone." -ErrorAction Continue
            continue
        }
        if (-not $done.Add($one) -or -not $PSCmdlet.ShouldProcess($one, 'Remove pool and group')) {
            continue
        }
        $ours = @($known | Where-Object { $_['displayName'] -eq $one })
        foreach ($pool in $ours) {
            $null = Invoke-MgGraphRequest -Method DELETE -Uri "$pools/$($pool['id'])"
        }
        $groups = @()
        if (-not $KeepGroup) {
            $groups = @(Get-GraphList -Uri ("$graph/v1.0/groups?`$filter=displayName eq " +
                    "'$one'&`$select=id,description") |
                Where-Object { $_['description'] -like 'Made *to hand one eSIM to *' })
        }
        foreach ($group in $groups) {
            $null = Invoke-MgGraphRequest -Method DELETE -Uri "$graph/v1.0/groups/$($group['id'])"
        }
        [pscustomobject]@{
            Name          = $one
            PoolsRemoved  = $ours.Count
            GroupsRemoved = $groups.Count
        }
    }
}
